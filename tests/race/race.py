#!/usr/bin/env python3
"""Eight workers in three processes race for 5,000 steps of one embedded database.

    make test/race
    tests/race/race.py --steps 20000 --workers 4,4,4

Every process writes a ledger of what its handlers ran. At the end the ledgers
must say that every step ran exactly once, after its parents, and the database
that every task is complete. The ledger is printed in sum; the status is 0 only
if nothing is wrong.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python" / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from ledger import Entry, entries, problems, summary
from tasker_core import Engine, Step, Worker

# A diamond: two steps become ready at once, and one waits for both of them.
TEMPLATE = """
name: diamond
namespace_name: race
version: 1.0.0
step_templates:
  - name: split
  - name: left
    depends_on_step: split
  - name: right
    depends_on_step: split
  - name: join
    depends_on_steps: [left, right]
"""
STEPS_PER_TASK = 4

# Seconds after which a process gives up. A step that nobody runs must end the
# test and not hold it.
PATIENCE = 120.0


def work(database: str, ledger: Path, names: Sequence[str]) -> None:
    """One process: a worker per name, each on an engine of its own, until no task is open."""
    lock = threading.Lock()  # guards the ledger's file
    with ledger.open("a", encoding="utf-8") as file:

        def record(entry: Entry) -> None:
            with lock:
                file.write(entry.line())

        threads = [threading.Thread(target=run_worker, args=(database, name, record)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def run_worker(database: str, name: str, record: Callable[[Entry], None]) -> None:
    """One worker in a thread of its own."""
    with Engine.open(database) as engine:
        worker = Worker(engine, name=name, concurrency=4)

        @worker.handler(namespace="race")
        def handle(step: Step) -> dict[str, Any]:
            started = time.monotonic_ns()
            parents = sorted(step.parents)
            ended = time.monotonic_ns()
            record(
                Entry(step.step_id, step.task_id, step.epoch, step.attempt, step.name, name, started, ended)
            )
            return {"by": name, "parents": parents}

        worker.run(until=nothing_open(engine), handle_signals=False)


def nothing_open(engine: Engine) -> Callable[[], bool]:
    """Whether every task has ended, looked up a few times a second at most."""
    end = time.monotonic() + PATIENCE
    next_look = 0.0

    def over() -> bool:
        nonlocal next_look
        now = time.monotonic()
        if now < next_look:
            return False
        next_look = now + 0.2
        return now > end or not engine.task_list(states=["pending", "in_progress"], limit=1)["items"]

    return over


def create(database: str, tasks: int) -> dict[int, list[int]]:
    """Creates the tasks; returns every step with its parents."""
    parents: dict[int, list[int]] = {}
    with Engine.open(database) as engine:
        engine.template_register(template=TEMPLATE)
        request = [{"name": "diamond", "namespace": "race", "context": {"number": n}} for n in range(tasks)]
        for item in engine.task_create_many(tasks=request)["items"]:
            task = engine.task_get(task_id=item["task_id"], include=["steps", "edges"])
            parents |= {step["step_id"]: [] for step in task["steps"]}
            for edge in task["edges"]:
                parents[edge["to_step_id"]].append(edge["from_step_id"])
    return parents


def incomplete(database: str) -> Iterator[str]:
    """What the database says against the run."""
    with Engine.open(database) as engine:
        for state in ("pending", "in_progress", "error", "cancelled"):
            for task in engine.task_list(states=[state], limit=1000)["items"]:
                yield f"task {task['task_id']} is {state}"
        health = engine.engine_health()
        for key in ("ready_steps", "scheduled_steps", "leased_steps", "workers", "panics"):
            if health[key]:
                yield f"{key} is {health[key]} at the end"


def race(folder: Path, steps: int, workers: Sequence[int]) -> list[str]:
    """The whole race in a folder; returns what is wrong."""
    database = str(folder / "race.sqlite3")
    parents = create(database, steps // STEPS_PER_TASK)
    started = time.monotonic()
    processes, ledgers = [], []
    for number, count in enumerate(workers, start=1):
        names = ",".join(f"p{number}-w{worker}" for worker in range(1, count + 1))
        ledgers.append(folder / f"ledger-{number}.tsv")
        command = [
            sys.executable,
            __file__,
            "--child",
            str(ledgers[-1]),
            "--names",
            names,
            "--database",
            database,
        ]
        processes.append(subprocess.Popen(command))
    statuses = [process.wait() for process in processes]
    seconds = time.monotonic() - started
    runs = entries(ledgers)
    print(
        f"{sum(workers)} workers in {len(workers)} processes, {len(parents)} steps of {steps // STEPS_PER_TASK} tasks"
    )
    print(summary(runs))
    print(f"{len(runs)} runs in {seconds:.1f} s, {len(runs) / seconds:,.0f} steps/s")
    ended_badly = [f"a process ended with status {status}" for status in statuses if status]
    return [*ended_badly, *problems(runs, parents), *incomplete(database)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=5_000, help="steps in all, four to a task")
    parser.add_argument("--workers", default="3,3,2", help="workers of each process")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--names", help=argparse.SUPPRESS)
    parser.add_argument("--database", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        work(options.database, options.child, options.names.split(","))
        return 0
    with tempfile.TemporaryDirectory(prefix="tasker-race-") as folder:
        wrong = race(Path(folder), options.steps, [int(count) for count in options.workers.split(",")])
    for line in wrong[:50]:
        print(f"WRONG: {line}", file=sys.stderr)
    print(f"{len(wrong)} things wrong" if wrong else "every step ran exactly once")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
