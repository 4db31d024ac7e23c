"""One embedded file, written by a parent and its forked children: no lock and no row is lost."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from support import python, template, until
from tasker_core import Engine
from test_fork import in_child

# What each writer does; a writer is a thread of the parent, a child or a grandchild.
TASKS = 25


def work(engine: Engine, writer: str, tasks: int = TASKS) -> int:
    """Creates tasks, completes as many steps of whoever's tasks, and returns how many it was given."""
    worker = engine.worker_register(handlers=[{"task": "work"}])["worker_id"]
    done = 0
    for number in range(tasks):
        context = {"writer": writer, "number": number}
        engine.task_create(name="work", namespace="test", context=context)
        for step in engine.step_claim(worker_id=worker, limit=2)["steps"]:
            outcome = {"step_id": step["step_id"], "epoch": step["epoch"], "status": "complete"}
            verdict = engine.step_report(outcomes=[{**outcome, "results": {"by": writer}}])["verdicts"][0]
            assert verdict["verdict"] == "recorded", verdict
            done += 1
    engine.worker_stop(worker_id=worker)
    return done


def child(engine: Engine, writer: str, generations: int) -> int:
    """A child that writes beside a child of its own; 7 when all is well."""
    younger = 7
    work(engine, writer, 2)  # or it would not be open here
    if generations:
        threads = [threading.Thread(target=work, args=(engine, f"{writer}-thread", 3))]
        threads[0].start()
        younger = in_child(lambda: child(engine, f"{writer}-child", generations - 1))
        threads[0].join()
    work(engine, writer, TASKS - 2)
    return younger


def rows(engine: Engine, **more: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after = None
    while True:
        page = engine.task_list(limit=1000, after=after, **more)
        items += page["items"]
        if page["next"] is None:
            return items
        after = page["next"]


def test_parent_and_children_write_one_file(engine: Engine, database: str) -> None:
    engine.template_register(template=template())
    statuses: list[int] = []
    writers = [threading.Thread(target=work, args=(engine, f"thread {n}")) for n in range(2)]
    forks = [
        threading.Thread(
            target=lambda n=n: statuses.append(in_child(lambda: child(engine, f"child {n}", n % 2)))
        )
        for n in range(6)
    ]
    for thread in [*writers, *forks]:
        thread.start()
    for thread in [*writers, *forks]:
        thread.join()
    assert statuses == [7] * 6
    drain(engine)
    expected = (2 + 6 + 3) * TASKS + 3 * 3  # threads, children, grandchildren; threads of three children
    assert len(rows(engine)) == expected
    assert {row["state"] for row in rows(engine)} == {"complete"}
    health = engine.engine_health(deep=True)
    assert (health["violations"], health["leased_steps"], health["workers"]) == ([], 0, 0)
    assert checked(database) == "ok"


def drain(engine: Engine) -> None:
    worker = engine.worker_register(handlers=[{"task": "work"}])["worker_id"]
    while steps := engine.step_claim(worker_id=worker, limit=100)["steps"]:
        outcomes = [{"step_id": s["step_id"], "epoch": s["epoch"], "status": "complete"} for s in steps]
        engine.step_report(outcomes=outcomes)
    engine.worker_stop(worker_id=worker)


def checked(database: str) -> str:
    """What another process's SQLite says of the file. It may be too old for a table, so it passes over that."""
    code = f"""
import sqlite3
other = sqlite3.connect({database!r})
other.execute("PRAGMA writable_schema = ON")
print(other.execute("PRAGMA integrity_check").fetchone()[0])
"""
    result = python("-c", code)
    return result.stdout.strip() or result.stderr


def locks(database: str) -> set[str]:
    """The files of the database on which this process holds locks."""
    held = {line.split()[5].split(":")[2] for line in process_locks()}
    names = {str(os.stat(database + suffix).st_ino): suffix for suffix in ("", "-shm")}
    return {names[inode] for inode in held & names.keys()}


def process_locks() -> list[str]:
    lines = Path("/proc/locks").read_text().splitlines()
    return [line for line in lines if line.split()[1] == "POSIX" and line.split()[4] == str(os.getpid())]


def inherited(database: str) -> list[int]:
    """The descriptors of the database in this process."""
    inode = os.stat(database).st_ino
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.fstat(int(name)).st_ino == inode:
                found.append(int(name))
        except OSError:
            continue
    return found


def test_a_child_has_locks_of_its_own_and_keeps_them(engine: Engine, database: str) -> None:
    assert locks(database) == {"", "-shm"}

    def call() -> int:
        before = locks(database)
        theirs = inherited(database)
        engine.engine_health()
        opened = locks(database)
        with Engine.open(database) as another:  # closing one connection of many
            another.engine_health()
        kept = locks(database)
        os.close(theirs[0])  # the harm that this would see
        lost = locks(database)
        return 7 if (before, opened, kept, lost) == (set(), {"", "-shm"}, {"", "-shm"}, {"-shm"}) else 8

    assert in_child(call) == 7
    assert locks(database) == {"", "-shm"}, "a child that ends takes none of the parent's with it"


def test_a_child_closes_no_descriptor_of_the_file(engine: Engine, database: str) -> None:
    theirs = set(inherited(database))
    assert theirs

    def call() -> int:
        engine.engine_health()
        open_here = set(inherited(database))
        engine.close()
        return 7 if theirs <= open_here and theirs <= set(inherited(database)) else 8

    assert in_child(call) == 7


def test_a_parent_that_ends_leaves_its_child_a_whole_file(database: str, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from support import template, until
from test_fork_file import checked, work
from tasker_core import Engine
engine = Engine.open({database!r})
engine.template_register(template=template())
work(engine, "parent", 3)
parent = os.getpid()
ready, tell = os.pipe()
if os.fork() == 0:
    work(engine, "child", 3)
    os.write(tell, b"!")
    until(lambda: os.getppid() != parent)
    work(engine, "child", 10)
    engine.close()
    os.rename(write({str(answer)!r}, checked({database!r})), {str(answer)!r})
    os._exit(0)
os.read(ready, 1)
os.kill(parent, 9)
"""
    code = code.replace("parent = os.getpid()", WRITE + "parent = os.getpid()")
    assert python("-c", code).returncode == -9
    assert until(lambda: answer.exists() and answer.read_text()) == "ok"


WRITE = """
def write(place, text):
    with open(place + ".part", "w") as file:
        file.write(text)
    return place + ".part"
"""
