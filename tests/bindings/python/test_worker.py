"""The worker: handlers, their results and their failures."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from support import history, start, states, template
from tasker_core import (
    Engine,
    Handlers,
    PermanentError,
    RetryableError,
    Step,
    Worker,
)


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


def test_a_step_can_be_named_without_a_keyword(engine: Engine) -> None:
    engine.template_register(template=template("pair", {"pay": [], "ship": ["pay"]}))
    task_id = start(engine, "pair")
    worker = Worker(engine)
    worker.handler("pay")(lambda step: {"paid": True})
    worker.handler("ship")(lambda step: step.results("pay"))
    worker.run_until_idle()
    assert states(engine, task_id) == {"pay": "complete", "ship": "complete"}


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
