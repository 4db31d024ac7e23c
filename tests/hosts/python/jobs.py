"""A fork per job: the parent claims a step and forks a child, which runs it, reports
it with the engine of its parent, and ends. jobs.py COUNT"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import paths  # noqa: F401 - before what it finds
from work import Store, open_stores


def perform(store: Store, step: dict[str, Any]) -> None:
    """What the child does."""
    signal.alarm(5)
    store.note(step["step_id"], step["epoch"])
    outcome = {"step_id": step["step_id"], "epoch": step["epoch"], "status": "complete"}
    (verdict,) = store.engine.step_report(outcomes=[outcome])["verdicts"]
    if verdict["verdict"] != "recorded":
        raise AssertionError(verdict)
    store.work()


def turn(store: Store, worker_id: int) -> None:
    """Creates a job, claims it and lets a child perform it."""
    store.engine.task_create(name="busy", namespace="fork", context={"by": os.getpid()})
    (step,) = store.engine.step_claim(worker_id=worker_id)["steps"]
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            perform(store, step)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit(f"the job {step['step_id']} ended with wait status {status:x}")


def main() -> None:
    stores = open_stores()
    handlers = [{"namespace": "fork", "task": "busy"}]
    workers = [store.engine.worker_register(handlers=handlers)["worker_id"] for store in stores]
    for _ in range(int(sys.argv[1])):
        for store, worker_id in zip(stores, workers, strict=True):
            turn(store, worker_id)
    for store in stores:
        store.engine.close()


if __name__ == "__main__":
    main()
