"""What a process does to prove that its library is whole: create, claim, note, report.

Every run of a step is noted in a file before it is reported; the package beside
this file compares those files with the databases.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from tasker_core import Engine

HANDLERS = [{"namespace": "fork", "task": "work"}]


@dataclass(frozen=True)
class Store:
    """A database, and an engine on it."""

    name: str
    engine: Engine
    ledger: str

    def note(self, step_id: int, epoch: int) -> None:
        """Writes down that a step is run. By name: a daemon may have closed every descriptor."""
        descriptor = os.open(self.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{step_id} {epoch}\n".encode())
        finally:
            os.close(descriptor)

    def work(self) -> int:
        """Creates a task, claims a step and reports it; returns the step.

        The step may be another process's: whoever creates one claims one, so
        nobody waits for long.
        """
        engine, pid = self.engine, os.getpid()
        engine.task_create(name="work", namespace="fork", context={"by": pid})
        worker_id = engine.worker_register(handlers=HANDLERS)["worker_id"]
        (step,) = engine.step_claim(worker_id=worker_id, wait_ms=4_000)["steps"]
        self.note(step["step_id"], step["epoch"])
        outcome = {
            "step_id": step["step_id"],
            "epoch": step["epoch"],
            "status": "complete",
            "results": {"by": pid},
        }
        (verdict,) = engine.step_report(outcomes=[outcome])["verdicts"]
        if verdict["verdict"] != "recorded":
            raise AssertionError(f"{self.name}: {verdict}")
        step_id: int = step["step_id"]
        return step_id


def open_stores() -> list[Store]:
    """Both stores, as the environment names them."""
    stores = []
    for name in ("embedded", "postgresql"):
        variable = f"FORK_{name.upper()}"
        engine = Engine.open(**json.loads(os.environ[variable]))
        stores.append(Store(name, engine, os.environ[variable + "_LEDGER"]))
    return stores


def work_everywhere(stores: list[Store]) -> None:
    """Works on each of them."""
    for store in stores:
        store.work()
