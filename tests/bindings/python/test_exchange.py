"""A worker leaves a database that refuses a call alone for a moment before it repeats.

The engine is a stand-in here, which answers what it is told to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tasker_core.errors import InvalidRequestError, NotFoundError, PermissionDeniedError, UnavailableError
from tasker_core.exchange import Exchange

CLAIMED: dict[str, Any] = {"steps": [], "next_due": None}
REGISTERED = {"worker_id": 7}
RECORDED = {"verdicts": [{"verdict": "recorded", "step_id": 1}]}


def busy() -> UnavailableError:
    """What a call answers whose repetition can help."""
    return UnavailableError("the database is busy", retryable=True)


class Engine:
    """Answers each operation with what was prepared for it, in turn; the last one stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers: dict[str, list[Any]] = {
            "worker_register": [REGISTERED],
            "step_claim": [CLAIMED],
            **answers,
        }
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**_fields: Any) -> Any:
            self.calls.append(name)
            prepared = self.answers[name]
            answer = prepared.pop(0) if len(prepared) > 1 else prepared[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def signed_on(engine: Engine) -> Exchange:
    exchange = Exchange(engine, "w", [{}], Counter())  # type: ignore[arg-type] # a stand-in
    exchange.sign_on()
    return exchange


def outcome(step_id: int) -> dict[str, Any]:
    return {"step_id": step_id, "epoch": step_id, "status": "complete"}


def test_the_pause_after_a_refused_call_grows_and_ends_with_success() -> None:
    exchange = signed_on(Engine(step_claim=[busy(), busy(), CLAIMED, busy()]))
    pauses = []
    for _ in range(4):
        exchange.swap(1)
        pauses.append(round(exchange._pause, 1))
        assert exchange.paused == (pauses[-1] > 0)
        exchange.paused_until = 0.0
    assert pauses == [0.1, 0.2, 0.0, 0.1]


def test_a_registration_that_is_refused_for_the_moment_is_repeated_after_a_pause() -> None:
    """It ended the run: the refusal came while another error was dealt with."""
    given_up = NotFoundError("worker 7 is not registered by this process")
    engine = Engine(
        worker_register=[REGISTERED, busy(), {"worker_id": 8}], step_claim=[given_up, given_up, CLAIMED]
    )
    exchange = signed_on(engine)
    assert exchange.swap(1) is None
    assert exchange.paused
    assert exchange.swap(1) is None
    assert exchange.worker_id == 8
    assert exchange.swap(1) is not None


def test_a_registration_that_is_refused_for_good_ends_the_run() -> None:
    refusal = PermissionDeniedError("no")
    exchange = signed_on(Engine(worker_register=[REGISTERED, refusal], step_claim=[NotFoundError("gone")]))
    with pytest.raises(PermissionDeniedError):
        exchange.swap(1)


def test_outcomes_reported_one_by_one_wait_when_the_database_refuses_one() -> None:
    """Each of them was tried, without a pause between, and lengthened the one to come."""
    engine = Engine(step_report=[InvalidRequestError("a bad one"), RECORDED, busy()])
    exchange = signed_on(engine)
    exchange.outcomes += [outcome(number) for number in range(100)]
    assert exchange.swap(0) is None
    assert engine.calls.count("step_report") == 3
    assert [kept["step_id"] for kept in exchange.outcomes] == list(range(1, 100))
    assert exchange.paused
