#!/usr/bin/env python3
"""Has one point of the engine panic while a host works with it, and goes on.

    tests/panics/panics.py LIBRARY CONFIGURATION POINT

The library is the one of the tests (make lib/probe). Whatever a host does is done
until the point has panicked; of all those calls at most one may have answered
TASKER_E_INTERNAL. Then everything is done again, without any. After `settled` on
standard output the engine is idle but open, until a line comes in.

Beside the points of the source there are four that are no place but a way in:
a call, one that is answered on the host's own thread, a submitted one, and one of
many that are submitted together.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "abi" / "python"))

from boundary import INTERNAL, OK, Engine, Failure, Library, Reply

# Seconds after which something is taken to hang.
PATIENCE = 45.0

HEALTH, CONFIG_GET, PROBE = 1, 2, 0x7000  # TASKER_OP_ numbers

WAYS_IN = ("call", "instant", "submitted", "many")

TEMPLATE = """
name: pair
version: 1.0.0
step_templates:
  - name: first
  - name: second
    depends_on_step: first
"""


class Host:
    """A program that repeats what failed for a defect of the library, and counts it."""

    def __init__(self, library: Library, config: dict[str, Any]) -> None:
        self.library = library
        self.config = config
        self.failures: list[Reply] = []
        self.panics = 0
        self.records: list[Reply] = []
        self.problems: list[str] = []

    def persist(self, attempt: Callable[[], Any]) -> Any:
        """Repeats an attempt once that a defect ended."""
        try:
            return attempt()
        except Failure as failure:
            if failure.status != INTERNAL:
                raise
            self.failures.append(failure.reply)
            return attempt()

    def call(self, engine: Engine, operation: str, /, **request: Any) -> Any:
        """A call, repeated after a defect; that it has happened already is then no error."""
        before = len(self.failures)

        def attempt() -> Any:
            status, reply = engine.attempt(operation, **request)
            if status == OK or (len(self.failures) > before and status != INTERNAL):
                return reply
            raise Failure(operation, status, reply)

        return self.persist(attempt)

    def everything(self, engine: Engine) -> None:
        """What hosts do, each thing once, with another process's engine beside."""
        other = self.persist(lambda: self.library.open(**self.config))
        self.call(engine, "template_register", template=TEMPLATE)
        worker = self.call(engine, "worker_register", name="w", handlers=[{"task": "pair"}])["worker_id"]
        soon = datetime.now(timezone.utc) + timedelta(milliseconds=200)
        tasks = [
            self.call(engine, "task_create", name="pair", context={"n": 1})["task_id"],
            self.call(other, "task_create", name="pair", context={"n": 2})["task_id"],
            self.call(engine, "task_create", name="pair", context={"n": 3}, start_at=soon.isoformat())[
                "task_id"
            ],
        ]
        self.run(engine, worker, tasks)
        self.read(engine, tasks)
        self.submit(engine)
        self.harvest(other)
        reply = self.persist(lambda: other.call("close"))
        self.problems.extend(reply["problems"])

    def run(self, engine: Engine, worker: int, tasks: list[int]) -> None:
        """Runs steps until the tasks are complete."""
        deadline = time.monotonic() + PATIENCE
        while any(self.call(engine, "task_get", task_id=task)["state"] != "complete" for task in tasks):
            if time.monotonic() > deadline:
                raise TimeoutError("the tasks are not complete")
            claimed = self.call(engine, "step_claim", worker_id=worker, limit=2, wait_ms=300)["steps"]
            for step in claimed:
                outcome = {
                    "step_id": step["step_id"],
                    "epoch": step["epoch"],
                    "status": "complete",
                    "results": 1,
                }
                self.call(engine, "step_report", outcomes=[outcome])

    def read(self, engine: Engine, tasks: list[int]) -> None:
        """Reads in the ways that keep something in memory."""
        for _ in range(2):
            for task in tasks:
                self.call(engine, "step_readiness", task_id=task)
                self.call(engine, "task_context", task_id=task)
            self.call(engine, "task_list")
            self.call(engine, "engine_health")
        self.call(engine, "task_wait", task_id=tasks[0], wait_ms=1000)
        engine.interrupt()

    def submit(self, engine: Engine) -> None:
        """Submits requests, one by one and together, and waits for their answers on the descriptor."""
        self.answers(
            engine,
            {self.persist(lambda: engine.submit(HEALTH)), self.persist(lambda: engine.submit(CONFIG_GET))},
        )
        both: list[tuple[int, Reply]] = [(HEALTH, {}), (CONFIG_GET, {})] * 3
        self.answers(engine, set(self.persist(lambda: engine.submit_many(both))))

    def answers(self, engine: Engine, wanted: set[int]) -> None:
        """Waits for the answers to those tickets."""
        while wanted:
            if not engine.await_readable(PATIENCE):
                raise TimeoutError(f"tickets {wanted} were not answered")
            for ticket, status, reply in self.persist(engine.collect):
                wanted.remove(ticket)
                if status == INTERNAL:
                    self.failures.append(reply)
                elif status != OK:
                    raise Failure("a submitted call", status, reply)

    def harvest(self, engine: Engine) -> None:
        """Notes what an engine tells of panics."""
        self.panics += self.call(engine, "engine_health")["panics"]
        records = self.call(engine, "engine_logs_poll", limit=1000)["items"]
        self.records.extend(r for r in records if "stack" in r.get("fields", {}))


def panic(host: Host, engine: Engine, way: str) -> None:
    """Has the operation of the tests panic."""
    if way == "submitted":
        host.answers(engine, {engine.submit(PROBE, do="panic")})
        return
    if way == "many":  # of one, the others are answered well
        ways = [(PROBE, {}), (CONFIG_GET, {}), (PROBE, {"do": "panic", "instant": True}), (CONFIG_GET, {})]
        host.answers(engine, set(engine.submit_many([*ways, (HEALTH, {})])))
        return
    status, reply = engine.attempt("probe", do="panic", instant=way == "instant")
    assert status == INTERNAL, (status, reply)
    host.failures.append(reply)


def trip(host: Host, engine: Engine, point: str) -> None:
    """Does everything until the point has panicked, then everything again."""
    if point not in WAYS_IN:
        engine.call("probe", do="arm", at=point, instant=True)
    if point == "log.add" or point in WAYS_IN:  # what is always logged is a panic
        panic(host, engine, point)
    deadline = time.monotonic() + PATIENCE
    while host.call(engine, "probe", do="armed", instant=True).get("text"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing came by {point}")
        host.everything(engine)
    if len(host.failures) > 1:
        raise AssertionError(f"one panic ended several calls: {host.failures}")
    seen = len(host.failures)
    host.everything(engine)
    if len(host.failures) != seen:
        raise AssertionError(f"calls went on failing: {host.failures[seen:]}")


def judge(host: Host, point: str) -> None:
    """The panic was counted once and logged with its stack, and the answer tells nothing of it."""
    if point in ("session.open", "handles.add"):  # nobody is there to count; the caller was told
        assert len(host.failures) == 1, host.failures
        return
    if point == "session.close":  # the engine that could tell is gone; the caller was told
        assert len(host.problems) == 1, host.problems
        return
    assert host.panics == 1, f"{host.panics} panics were counted"
    for reply in filter(None, host.failures):  # tasker_collect has a status and no reply
        assert reply["error"]["code"] == "internal", reply
        assert "panic" not in json.dumps(reply), f"the answer tells of the inside: {reply}"
    if point == "log.add":
        return  # the log itself failed, and it was the log of a panic
    [record] = host.records
    assert record["fields"]["panic"].startswith("the probe panics"), record
    assert point in record["fields"]["panic"] or point in WAYS_IN, record
    assert ".runProbe" in record["fields"]["stack"] or "barrier.Point" in record["fields"]["stack"], record


def main() -> int:
    """One point."""
    library, config, point = Library(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
    host = Host(library, config)
    engine = library.open(**config)
    trip(host, engine, point)
    host.harvest(engine)
    judge(host, point)
    print("settled", flush=True)
    sys.stdin.readline()
    engine.call("close")
    return 0


if __name__ == "__main__":
    sys.exit(main())
