"""A forked child goes on with what its parent opened, and harms nobody."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from support import PATIENCE, python, running, start, states, template, until
from tasker_core import AsyncEngine, Engine, ForkedError, NotFoundError, Step, Worker


def in_child(action: Callable[[], int]) -> int:
    """Runs the action in a forked child and returns its status; a hang is status -1."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = action()
        finally:
            os._exit(status)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return -1


def test_a_forked_child_goes_on_with_the_engine(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)

    def call() -> int:
        return 7 if engine.task_get(task_id=task_id)["state"] == "pending" else 8

    assert in_child(call) == 7
    assert engine.task_get(task_id=task_id)["state"] == "pending"


def test_every_way_in_works_in_a_child(engine: Engine, database: str) -> None:
    parents = engine.wake_fd()

    def call() -> int:
        engine.interrupt()
        engine.rearm()
        own = engine.wake_fd()
        with Engine.open(database) as other:
            return 4 if own == parents and other.engine_health()["status"] == "ok" else 5

    assert in_child(call) == 4


def test_closing_in_the_child_leaves_the_parent_alone(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)

    def close() -> int:
        engine.close()
        return 5

    assert in_child(close) == 5
    assert engine.task_get(task_id=task_id)["state"] == "pending"


def test_a_child_that_ends_as_python_ends_harms_nobody(database: str) -> None:
    # sys.exit runs finalizers, and so the one of the inherited engine.
    code = f"""
import os, sys
from tasker_core import Engine
engine = Engine.open({database!r})
if os.fork() == 0:
    sys.exit(3)
_, status = os.wait()
print(os.waitstatus_to_exitcode(status), engine.engine_health()["status"])
"""
    result = python("-c", code)
    assert result.stdout == "3 ok\n", result.stderr


def _health(database: str) -> str:
    with Engine.open(database) as engine:
        status: str = engine.engine_health()["status"]
        return status


def test_spawned_processes_work(engine: Engine, database: str) -> None:
    assert engine.engine_health()["status"] == "ok"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_health, [database] * 4) == ["ok"] * 4


def test_forking_before_the_first_open_works(tmp_path: Path) -> None:
    code = f"""
import os, tasker_core
if os.fork() == 0:
    with tasker_core.Engine.open({str(tmp_path / "child.sqlite3")!r}) as engine:
        os._exit(0 if engine.engine_health()["status"] == "ok" else 1)
_, status = os.wait()
print(os.waitstatus_to_exitcode(status))
"""
    result = python("-c", code)
    assert result.stdout == "0\n", result.stderr


def test_a_relative_path_is_from_where_the_parent_opened_it(engine: Engine, database: str) -> None:
    with Engine.open(os.path.basename(database)) as relative:

        def call() -> int:
            os.chdir("/")  # as a daemon does
            return 7 if relative.engine_health()["location"] == database else 8

        assert in_child(call) == 7


def test_fork_error_and_memory_answer_forked(database: str) -> None:
    for opened in (Engine.open(database, fork="error"), Engine.open("sqlite::memory:")):
        with opened:

            def call(opened: Engine = opened) -> int:
                try:
                    opened.engine_health()
                except ForkedError as error:
                    return 7 if error.remedy else 8
                return 9

            assert in_child(call) == 7
            assert opened.engine_health()["status"] == "ok"


def test_a_child_registers_a_worker_of_its_own(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    mine = engine.worker_register(handlers=[{"task": "work"}])["worker_id"]
    (step,) = engine.step_claim(worker_id=mine)["steps"]

    def call() -> int:
        for refused in (engine.step_claim, engine.step_heartbeat, engine.worker_stop):
            try:
                refused(worker_id=mine)
                return 8
            except NotFoundError as error:
                assert error.remedy is not None and "forked" in error.remedy
        own = engine.worker_register(handlers=[{"task": "work"}])["worker_id"]
        engine.close()
        return 7 if own != mine else 9

    assert in_child(call) == 7
    assert [worker["worker_id"] for worker in engine.worker_list()["items"]] == [mine]
    outcome = {"step_id": step["step_id"], "epoch": step["epoch"], "status": "complete"}
    assert engine.step_report(outcomes=[outcome])["verdicts"][0]["verdict"] == "recorded"
    assert states(engine, task_id) == {"only": "complete"}


def test_a_worker_that_runs_in_a_thread_of_the_parent_can_run_in_a_child(engine: Engine) -> None:
    engine.template_register(template=template())
    worker = Worker(engine)
    pids: list[int] = []

    @worker.handler(task="work")
    def only(_: Step) -> dict[str, int]:
        pids.append(os.getpid())
        return {"pid": os.getpid()}

    with running(worker):
        first = start(engine)
        until(lambda: states(engine, first) == {"only": "complete"})

        def work() -> int:
            own = Worker(engine, handlers=worker.handlers)
            task_id = start(engine, context={"number": 2})
            for one in (worker, own):  # the inherited one, and one made here
                if not one.run(until=lambda: engine.task_get(task_id=task_id)["state"] == "complete"):
                    return 8
            return 7

        assert in_child(work) == 7
        again = start(engine, context={"number": 3})
        until(lambda: states(engine, again) == {"only": "complete"})
    assert set(pids) == {os.getpid()}


def test_a_child_forked_in_the_middle_of_a_run_is_a_worker_of_its_own(engine: Engine, database: str) -> None:
    engine.template_register(template=template(steps={f"s{n}": [] for n in range(8)}))
    worker = Worker(engine, concurrency=2)
    release = threading.Event()

    @worker.handler(task="work")
    def each(_: Step) -> dict[str, int]:
        release.wait(PATIENCE if os.getpid() == parent else 0)
        return {"pid": os.getpid()}

    parent = os.getpid()
    children: list[int] = []
    task_id = start(engine)

    def fork_when_busy() -> bool:
        found = states(engine, task_id)
        if not children and list(found.values()).count("in_progress") == 2 and os.getpid() == parent:
            children.append(os.fork())
            if children[0] == 0:
                children[0] = -1
                return False
        if os.getpid() != parent:  # all but what the parent has in hand
            return list(found.values()).count("complete") >= 6
        if children and list(found.values()).count("complete") == 6:
            release.set()
        return all(state == "complete" for state in found.values())

    status = 1
    try:
        reached = worker.run(until=fork_when_busy, handle_signals=False)
        status = 0 if reached else 2
    finally:
        if os.getpid() != parent:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
    assert reached and worker.counts == {"recorded": 2}
    rows = engine.task_get(task_id=task_id, include=["steps"])["steps"]
    assert sorted(row["results"]["pid"] == parent for row in rows) == [False] * 6 + [True] * 2
    assert all(row["attempts"] == 1 for row in rows)
    assert engine.worker_list()["items"] == []


def test_a_child_that_a_handler_forks_can_be_terminated(database: str) -> None:
    code = f"""
import os, signal, sys, time
from tasker_core import Engine, Worker
engine = Engine.open({database!r})
engine.template_register(template={template()!r})
engine.task_create(name="work", namespace="test", context={{"number": 1}})
worker = Worker(engine)
@worker.handler(task="work")
def fork(step):
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(tell, b"!")  # Python drops what comes before it has settled in
        end = time.monotonic() + {PATIENCE}
        while time.monotonic() < end:
            time.sleep(0.02)  # in one long sleep a signal that comes just before it waits for its end
        os._exit(1)
    os.read(ready, 1)
    os.kill(pid, signal.SIGTERM)
    return {{"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}}
worker.run_until_idle()
step = engine.step_list(name="only")["items"][0]
print(step["state"], step["results"]["status"])
"""
    result = python("-c", code)
    assert result.stdout == "complete -15\n", result.stderr


def test_coroutines_go_on_in_a_loop_of_the_child(database: str) -> None:
    async def parents() -> None:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            task = await engine.task_create(name="work", namespace="test", context={"number": 1})
            waiting = asyncio.ensure_future(engine.task_wait(task_id=task["task_id"], wait_ms=60_000))
            await asyncio.sleep(0)

            async def childs() -> int:
                await engine.task_cancel(task_id=task["task_id"])
                again = await engine.task_get(task_id=task["task_id"])
                await engine.close()
                return 7 if again["state"] == "cancelled" else 8

            assert await asyncio.to_thread(in_child, lambda: asyncio.run(childs())) == 7
            assert (await waiting)["status"] == "cancelled"
            assert (await engine.task_get(task_id=task["task_id"]))["state"] == "cancelled"

    asyncio.run(parents())


def test_a_fork_while_another_thread_loads_the_library_waits_for_it(database: str) -> None:
    code = f"""
import os, threading
from tasker_core import Engine, _native
entered, held = threading.Event(), threading.Event()
opened = _native._open_library
def slowly():
    entered.set()
    held.wait(0.2)
    return opened()
_native._open_library = slowly
other = threading.Thread(target=lambda: Engine.open({database!r}).close())
other.start()
entered.wait()
if os.fork() == 0:
    with Engine.open({database!r}) as engine:
        os._exit(0 if _native.loaded() else 1)
_, status = os.wait()
other.join()
print(os.waitstatus_to_exitcode(status))
"""
    result = python("-c", code)
    assert result.stdout == "0\n", result.stderr
