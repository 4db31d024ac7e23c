"""The worker: handlers, failures, deadlines, leases."""

from __future__ import annotations

import functools
import logging
import threading
import time
from typing import Any

import pytest
from support import running, start, states, template, until
from tasker_core import (
    ClosedError,
    Engine,
    Handlers,
    PermanentError,
    RetryableError,
    Step,
    TaskerError,
    Worker,
)


def history(engine: Engine, task_id: int, name: str = "only") -> list[dict[str, Any]]:
    """The transitions of one step of a task."""
    steps = engine.task_get(task_id=task_id, include=["steps"])["steps"]
    step_id = next(step["step_id"] for step in steps if step["name"] == name)
    rows: list[dict[str, Any]] = engine.transition_list(step_id=step_id)["items"]
    return rows


def is_complete(engine: Engine, task_id: int) -> bool:
    """Whether the one step of the task is complete."""
    return states(engine, task_id) == {"only": "complete"}


def test_a_diamond_runs_in_order_and_results_reach_the_children(engine: Engine) -> None:
    engine.template_register(
        template=template(
            "diamond", {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}, handler_config={"factor": 2}
        )
    )
    task_id = start(engine, "diamond", context={"number": 5})
    worker = Worker(engine)
    order: list[str] = []

    @worker.handler(namespace="test", task="diamond")
    def handle(step: Step) -> dict[str, Any]:
        order.append(step.name)
        assert step.attempt == 1
        assert step.task_id == task_id
        assert step.deadline is not None
        assert 0 < step.remaining <= step.timeout
        below = sum(step.results(parent)["value"] for parent in step.parents)
        return {"value": step.config["factor"] * step.context["number"] + below}

    worker.run_until_idle()
    assert order[0] == "a"
    assert order[-1] == "d"
    assert states(engine, task_id) == dict.fromkeys("abcd", "complete")
    steps = engine.task_get(task_id=task_id, include=["steps"])["steps"]
    assert {step["name"]: step["results"]["value"] for step in steps} == {"a": 10, "b": 20, "c": 20, "d": 50}
    assert worker.counts == {"recorded": 4}


def test_results_that_are_no_object_reach_the_children_as_they_were(engine: Engine) -> None:
    engine.template_register(template=template("line", {"list": [], "last": ["list"]}))
    start(engine, "line")
    worker = Worker(engine)
    seen: list[Any] = []
    worker.handlers.add(lambda step: [1, None, "ä"], step="list")
    worker.handlers.add(lambda step: seen.append(step.results("list")), step="last")
    worker.run_until_idle()
    assert seen == [[1, None, "ä"]]


def test_an_exception_is_retried_and_leaves_class_and_trace(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine)

    @worker.handler(step="only")
    def handle(step: Step) -> int:
        if step.attempt < 3:
            raise ConnectionError(f"attempt {step.attempt}")
        return step.attempt

    worker.run_until_idle()
    rows = history(engine, task_id)
    assert states(engine, task_id) == {"only": "complete"}
    failures = [row["metadata"] for row in rows if row["to_state"] == "error"]
    assert [failure["error_message"] for failure in failures] == ["attempt 1", "attempt 2"]
    assert failures[0]["error_class"] == "ConnectionError"


def test_attempts_end_at_the_limit(engine: Engine) -> None:
    engine.template_register(template=template(default_retry_limit=2))
    task_id = start(engine)
    worker = Worker(engine)
    worker.handlers.add(lambda step: 1 / 0, step="only")
    worker.run_until_idle()
    task = engine.task_get(task_id=task_id, include=["steps"])
    assert task["state"] == "error"
    assert task["steps"][0]["attempts"] == 2
    assert "1 / 0" in task["steps"][0]["results"]["backtrace"]


def test_a_permanent_error_is_not_retried(engine: Engine) -> None:
    engine.template_register(template=template(default_retry_limit=9))
    task_id = start(engine)
    worker = Worker(engine)
    attempts: list[int] = []

    @worker.handler(step="only")
    def handle(step: Step) -> None:
        attempts.append(step.attempt)
        raise PermanentError("the card was declined", code="declined")

    worker.run_until_idle()
    assert attempts == [1]
    assert engine.task_get(task_id=task_id)["state"] == "error"
    failure = history(engine, task_id)[-1]["metadata"]
    assert failure["error_code"] == "declined"
    assert failure["permanent"] is True


def test_retry_after_replaces_the_backoff(database: str) -> None:
    # The clock stands still, so the wait is exact and nothing sleeps.
    with Engine.open(database, clock={"frozen_at": "2026-01-31T09:30:00Z"}) as engine:
        engine.template_register(template=template(backoff={"strategy": "constant", "base_seconds": 20}))
        task_id = start(engine)
        worker = Worker(engine)

        @worker.handler(step="only")
        def handle(step: Step) -> None:
            if step.attempt == 1:
                raise RetryableError("503", retry_after=6.2, code="503")

        worker.run(until=lambda: states(engine, task_id) == {"only": "error"})
        ready = engine.step_readiness(task_id=task_id)["items"][0]
        assert ready["backoff_request_seconds"] == 7  # whole seconds, rounded up
        assert ready["next_retry_at"] == "2026-01-31T09:30:07.000000Z"
        assert history(engine, task_id)[-1]["metadata"]["error_code"] == "503"
        engine.engine_clock_advance(by_ms=7_000)
        worker.run_until_idle()
        assert states(engine, task_id) == {"only": "complete"}


def test_a_retry_comes_by_itself(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine)

    @worker.handler(step="only")
    def handle(step: Step) -> None:
        if step.attempt == 1:
            raise RetryableError("not yet", retry_after=1)

    worker.run_until_idle()  # waits for the scheduled retry: it is work
    assert states(engine, task_id) == {"only": "complete"}


def test_results_that_are_not_json_fail_that_step_for_good(engine: Engine) -> None:
    engine.template_register(template=template("pair", {"bad": [], "good": []}))
    task_id = start(engine, "pair")
    worker = Worker(engine)
    worker.handlers.add(lambda step: {1, 2}, step="bad")
    worker.handlers.add(lambda step: {"fine": True}, step="good")
    worker.run_until_idle()
    assert states(engine, task_id) == {"bad": "error", "good": "complete"}
    failure = history(engine, task_id, "bad")[-1]["metadata"]
    assert "set" in failure["error_message"]
    assert failure["permanent"] is True


def test_results_that_the_database_cannot_hold_fail_that_step_for_good(engine: Engine) -> None:
    engine.template_register(template=template("pair", {"bad": [], "good": []}))
    task_id = start(engine, "pair")
    worker = Worker(engine)
    worker.handlers.add(lambda step: {"text": "a\0b"}, step="bad")
    worker.handlers.add(lambda step: {"fine": True}, step="good")
    worker.run_until_idle()
    assert states(engine, task_id) == {"bad": "error", "good": "complete"}


def test_a_handler_may_be_a_coroutine_function(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    worker = Worker(engine)

    @worker.handler(step="only")
    async def handle(step: Step) -> dict[str, int]:
        return {"number": step.context["number"]}

    worker.run_until_idle()
    assert engine.task_get(task_id=task_id, include=["steps"])["steps"][0]["results"] == {"number": 1}


def test_even_system_exit_only_ends_the_attempt(engine: Engine) -> None:
    engine.template_register(template=template(default_retry_limit=1))
    task_id = start(engine)
    worker = Worker(engine)

    @worker.handler(step="only")
    def handle(step: Step) -> None:
        raise SystemExit(3)

    worker.run_until_idle()
    assert history(engine, task_id)[-1]["metadata"]["error_class"] == "SystemExit"


def test_concurrency_is_what_was_asked_for(engine: Engine) -> None:
    engine.template_register(template=template())
    for _ in range(12):
        start(engine)
    worker = Worker(engine, concurrency=3)
    together = threading.Barrier(3)
    lock = threading.Lock()
    now = most = 0

    @worker.handler(step="only")
    def handle(step: Step) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(30)  # three handlers must be here at once, or this breaks
        with lock:
            now -= 1

    worker.run_until_idle()
    assert most == 3
    assert worker.counts["recorded"] == 12


def test_steps_of_unknown_handlers_are_left_alone(engine: Engine) -> None:
    engine.template_register(template=template("pair", {"ours": [], "theirs": []}))
    task_id = start(engine, "pair")
    worker = Worker(engine)
    worker.handlers.add(lambda step: None, step="ours", task="pair", namespace="test")
    worker.run_until_idle()
    assert states(engine, task_id) == {"ours": "complete", "theirs": "pending"}


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


def test_a_worker_without_handlers_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no handlers"):
        Worker(engine).run()
    with pytest.raises(ValueError, match="concurrency"):
        Worker(engine, concurrency=0)


def test_the_narrowest_pattern_wins() -> None:
    handlers = Handlers(namespace="shop")
    handlers.add(lambda step: "any")
    handlers.add(lambda step: "step", step="pay")
    handlers.add(lambda step: "task", step="pay", task="order")
    handlers.add(lambda step: "version", step="pay", task="order", version="2.0.0")

    def choice(**fields: str) -> Any:
        claimed = {"namespace": "shop", "task_name": "order", "version": "1.0.0", "name": "pay", **fields}
        handler = handlers.find(claimed)
        return handler and handler(None)  # type: ignore[arg-type]

    assert choice() == "task"
    assert choice(version="2.0.0") == "version"
    assert choice(task_name="refund") == "step"
    assert choice(name="pack") == "any"
    assert choice(namespace="elsewhere") is None
    with pytest.raises(ValueError, match="already"):
        handlers.add(lambda step: None, step="pay")


def test_an_unknown_parent_is_named_with_those_that_there_are(engine: Engine) -> None:
    engine.template_register(template=template("line", {"a": [], "b": ["a"]}, default_retry_limit=1))
    task_id = start(engine, "line")
    worker = Worker(engine)
    worker.handlers.add(lambda step: {}, step="a")
    worker.handlers.add(lambda step: step.results("c"), step="b")
    worker.run_until_idle()
    message = history(engine, task_id, "b")[-1]["metadata"]["error_message"]
    assert "its parents are: a" in message


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
