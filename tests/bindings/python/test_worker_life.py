"""The life of a worker: deadlines, leases, wake-ups, the end."""

from __future__ import annotations

import functools
import logging
import threading
import time

import pytest
from support import history, running, start, states, template, until
from tasker_core import (
    ClosedError,
    Engine,
    Step,
    TaskerError,
    Worker,
)


def is_complete(engine: Engine, task_id: int) -> bool:
    """Whether the one step of the task is complete."""
    return states(engine, task_id) == {"only": "complete"}


def test_a_handler_that_overruns_is_reported_and_abandoned(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.template_register(template=template(timeout_seconds=1, default_retry_limit=2))
    task_id = start(engine)
    worker = Worker(engine, concurrency=1)
    release = threading.Event()
    told: list[bool] = []

    @worker.handler(step="only")
    def handle(step: Step) -> str:
        if step.attempt == 1:
            told.append(step.wait_cancelled(30))
            release.wait(30)
            return "too late"
        return "in time"

    with caplog.at_level(logging.WARNING):
        worker.run_until_idle()  # the second attempt runs although the first still holds its thread
    release.set()
    assert told == [True]
    assert worker.counts["abandoned"] == 1
    assert "was abandoned" in caplog.text
    rows = history(engine, task_id)
    assert [row["to_state"] for row in rows if row["to_state"] != "pending"] == [
        "in_progress",
        "error",
        "in_progress",
        "complete",
    ]
    failure = next(row["metadata"] for row in rows if row["to_state"] == "error")
    assert failure["error_class"] == "HandlerTimeout"
    assert failure["error_code"] == "timeout"
    step = engine.task_get(task_id=task_id, include=["steps"])["steps"][0]
    assert step["results"] == {"value": "in time"}


def test_a_lost_lease_is_noticed_and_its_outcome_not_recorded(
    engine: Engine, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_core.worker._LEASE_CHECK_SECONDS", 0.05)
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine)
    told: list[bool] = []
    begun = threading.Event()

    @worker.handler(step="only")
    def handle(step: Step) -> str:
        begun.set()
        told.append(step.wait_cancelled(30))
        assert step.cancelled
        return "nobody wants it"

    with running(worker), Engine.open(database) as other:
        assert begun.wait(30)
        other.task_cancel(task_id=task_id)
        until(lambda: told)
    assert told == [True]
    assert worker.counts["lost"] == 1
    assert worker.counts["recorded"] == 0
    assert states(engine, task_id) == {"only": "cancelled"}


def test_a_late_outcome_is_refused_and_logged(
    engine: Engine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_core.worker._LEASE_CHECK_SECONDS", 3600.0)
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine)

    @worker.handler(step="only")
    def handle(step: Step) -> None:
        engine.task_cancel(task_id=step.task_id)

    with caplog.at_level(logging.WARNING):
        worker.run(until=lambda: bool(worker.counts))
    assert worker.counts == {"lease_lost": 1}
    assert "was refused: lease_lost" in caplog.text
    assert states(engine, task_id) == {"only": "cancelled"}


def test_stop_lets_running_handlers_finish(engine: Engine) -> None:
    engine.template_register(template=template("line", {"first": [], "second": ["first"]}))
    task_id = start(engine, "line")
    worker = Worker(engine)
    begun, release = threading.Event(), threading.Event()

    @worker.handler()
    def handle(step: Step) -> None:
        begun.set()
        assert release.wait(30)

    with running(worker):
        assert begun.wait(30)
        worker.stop()
        release.set()
    assert states(engine, task_id) == {"first": "complete", "second": "pending"}
    assert engine.worker_list()["items"] == []
    assert engine.engine_health()["leased_steps"] == 0


def test_after_the_grace_steps_are_given_back_uncounted(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine, grace=0.05)
    begun, release = threading.Event(), threading.Event()
    told: list[bool] = []

    @worker.handler(step="only")
    def handle(step: Step) -> None:
        begun.set()
        told.append(step.wait_cancelled(30))
        release.wait(30)

    with running(worker):
        assert begun.wait(30)
        worker.stop()
    step = engine.task_get(task_id=task_id, include=["steps"])["steps"][0]
    assert (step["state"], step["attempts"]) == ("pending", 0)
    until(lambda: told == [True])
    release.set()


def test_a_stop_before_the_run_ends_it_at_once(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine)
    worker.handlers.add(lambda step: None, step="only")
    worker.stop()
    assert worker.run() is False
    assert states(engine, task_id) == {"only": "pending"}
    assert worker.run_until_idle() is True  # and the next run is a new one
    assert states(engine, task_id) == {"only": "complete"}


def test_an_idle_worker_is_woken_by_new_work(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without its own look every few seconds, only the wake-up can make it claim.
    monkeypatch.setattr("tasker_core.worker._LOOK_SECONDS", 3600.0)
    engine.template_register(template=template())
    worker = Worker(engine)
    worker.handlers.add(lambda step: None, step="only")
    with running(worker):
        until(lambda: engine.worker_list()["items"])
        for _ in range(3):
            until(functools.partial(is_complete, engine, start(engine)))


def test_an_engine_that_is_closed_ends_the_run(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_core.worker._LOOK_SECONDS", 0.1)
    engine = Engine.open(database)
    worker = Worker(engine)
    worker.handlers.add(lambda step: None, step="only")
    failed: list[TaskerError] = []

    def run() -> None:
        try:
            worker.run(handle_signals=False)
        except TaskerError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: engine.worker_list()["items"])
    engine.close()
    thread.join(30)
    assert [type(error) for error in failed] == [ClosedError]


def test_a_worker_that_was_given_up_registers_again(engine: Engine) -> None:
    engine.template_register(template=template())
    worker = Worker(engine)
    worker.handlers.add(lambda step: None, step="only")
    with running(worker):
        first = until(lambda: engine.worker_list()["items"])[0]["worker_id"]
        engine.worker_stop(worker_id=first)
        task_id = start(engine)
        until(lambda: states(engine, task_id) == {"only": "complete"})
        assert engine.worker_list()["items"][0]["worker_id"] != first


def test_two_workers_on_one_engine_at_a_time_are_refused(engine: Engine) -> None:
    first, second = Worker(engine), Worker(engine)
    for worker in (first, second):
        worker.handlers.add(lambda step: None, step="only")
    with running(first):
        until(lambda: engine.worker_list()["items"])
        with pytest.raises(RuntimeError, match="an engine for each worker"):
            second.run()
    second.run_until_idle()  # one after the other is fine


def test_a_handler_that_holds_the_interpreter_keeps_its_lease(database: str) -> None:
    # One second of lease, two seconds without a call from Python: the library beats by itself.
    settings = {"lease_seconds": 1, "heartbeat_seconds": 0.2, "sweep_seconds": 0.2}
    with Engine.open(database, worker=settings) as engine:
        engine.template_register(template=template())
        task_id = start(engine)
        worker = Worker(engine)
        worker.handlers.add(lambda step: time.sleep(2), step="only")
        worker.run_until_idle()
        assert states(engine, task_id) == {"only": "complete"}
        assert worker.counts == {"recorded": 1}
