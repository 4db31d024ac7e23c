"""Many calls in one native call."""

from __future__ import annotations

import asyncio
import ctypes
import select
from typing import Any

import pytest
from support import PATIENCE, start, template
from tasker_core import (
    AsyncEngine,
    ClosedError,
    Engine,
    InvalidRequestError,
    NotFoundError,
    TaskerError,
    _native,
    batches,
)
from tasker_core.operations import NUMBERS

UNKNOWN = 9999


def collected(engine: Engine, tickets: range) -> dict[int, dict[str, Any] | TaskerError]:
    """The answers to those tickets."""
    answers: dict[int, dict[str, Any] | TaskerError] = {}
    while set(answers) != set(tickets):
        assert select.select([engine.wake_fd()], [], [], PATIENCE)[0]
        answers.update(engine.collect())
    return answers


def test_what_is_written_is_what_the_declarations_say() -> None:
    assert ctypes.sizeof(_native.Submission) == batches._SUBMISSION.size
    assert ctypes.sizeof(_native.Completion) == batches._COMPLETION.size


def test_each_call_is_answered_under_its_ticket(database: str) -> None:
    with Engine.open(database) as engine:
        engine.template_register(template=template())
        tasks = [start(engine, context={"text": f"ä{n}"}) for n in range(100)]
        calls: list[tuple[str, dict[str, Any]]] = [("task_get", {"task_id": task}) for task in tasks]
        tickets = engine.submit_many([*calls, ("task_get", {"task_id": 999}), ("engine_config_get", {})])
        answers = collected(engine, tickets)
        for number, ticket in enumerate(tickets[:100]):
            answer = answers[ticket]
            assert isinstance(answer, dict)
            assert answer["context"] == {"text": f"ä{number}"}
        assert isinstance(answers[tickets[100]], NotFoundError)
        assert isinstance(answers[tickets[101]], dict)
        assert engine.submit_many([("engine_health", {})]) == range(tickets.stop, tickets.stop + 1)


def test_all_are_refused_or_none(database: str) -> None:
    with Engine.open(database) as engine:
        with pytest.raises(InvalidRequestError):
            engine.submit_many([("engine_health", {}), ("task_dance", {})])
        with pytest.raises(InvalidRequestError):
            engine.submit_many([("engine_health", {}), ("task_get", {"task_id": float("nan")})])
        with pytest.raises(InvalidRequestError) as caught:
            batches.Batches(*engine.native).submit([(NUMBERS["engine_health"], b"{}"), (UNKNOWN, b"")])
        assert caught.value.details["index"] == 1
        assert len(engine.submit_many([])) == 0
        assert engine.collect() == []
    with pytest.raises(ClosedError):
        engine.submit_many([("engine_health", {})])
    with pytest.raises(ClosedError):
        engine.collect()


def counted(engine: AsyncEngine) -> list[int]:
    """How many requests went in each native call, as it is made."""
    sizes: list[int] = []
    submit = engine._batches.submit

    def noted(requests: Any) -> int:
        sizes.append(len(requests))
        return submit(requests)

    engine._batches.submit = noted  # type: ignore[method-assign]
    return sizes


def test_calls_of_one_turn_of_the_loop_go_together(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            sizes = counted(engine)
            await asyncio.gather(*[engine.engine_health() for _ in range(200)])
            assert sizes == [200]
            await engine.engine_health()
            assert sizes == [200, 1]

    asyncio.run(story())


def test_of_a_refused_batch_each_call_gets_an_answer_of_its_own(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            sizes = counted(engine)
            numbers = [NUMBERS["engine_health"], UNKNOWN, NUMBERS["engine_config_get"]]
            answers = await asyncio.gather(*[engine._submit(n, {}) for n in numbers], return_exceptions=True)
            assert sizes == [3, 1, 1, 1]
            assert isinstance(answers[1], InvalidRequestError)
            assert [type(answer) for answer in (answers[0], answers[2])] == [dict, dict]
            assert not engine._pending

    asyncio.run(story())


def test_calls_of_the_turn_in_which_the_engine_is_closed_end(database: str) -> None:
    async def story() -> None:
        engine = await AsyncEngine.open(database)
        calls = [asyncio.ensure_future(engine.engine_health()) for _ in range(10)]
        await asyncio.sleep(0)  # they run up to their submission
        await engine.close()
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(answer, (dict, ClosedError))

    asyncio.run(story())


def test_a_call_that_is_cancelled_at_once_is_made_all_the_same(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            call = asyncio.ensure_future(engine.task_create(name="work", namespace="test", context={"n": 1}))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            for _ in range(1000):
                if (await engine.task_list())["items"]:
                    break
                await asyncio.sleep(0.01)
            assert len((await engine.task_list())["items"]) == 1
            assert not engine._pending

    asyncio.run(story())
