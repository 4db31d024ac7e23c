"""The engine for asyncio."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from support import template
from tasker_core import AsyncEngine, ClosedError, Engine, InvalidRequestError, NotFoundError
from tasker_core.operations import NUMBERS


def test_operations_are_coroutines(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            created = await engine.task_create(name="work", namespace="test", context={"text": "ä"})
            task = await engine.task_get(task_id=created["task_id"])
            assert task["context"] == {"text": "ä"}
            assert (await engine.engine_health())["panics"] == 0
        assert engine.closed
        await engine.close()

    asyncio.run(story())


def test_many_calls_run_side_by_side_and_use_no_threads(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            before = threading.active_count()
            creations = [
                engine.task_create(name="work", namespace="test", context={"number": number})
                for number in range(200)
            ]
            created = await asyncio.gather(*creations)
            assert threading.active_count() == before
            assert len({reply["task_id"] for reply in created}) == 200
            assert not engine._pending

    asyncio.run(story())


def test_a_wait_does_not_block_the_loop(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            task_id = (await engine.task_create(name="work", namespace="test", context={"n": 1}))["task_id"]
            waiting = asyncio.create_task(engine.task_wait(task_id=task_id, wait_ms=60_000))
            await asyncio.sleep(0)
            await engine.task_cancel(task_id=task_id)
            assert (await waiting)["status"] == "cancelled"

    asyncio.run(story())


def test_errors_are_raised_by_their_class(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            with pytest.raises(NotFoundError) as caught:
                await engine.task_get(task_id=1)
            assert caught.value.code == "not_found"
            with pytest.raises(InvalidRequestError):
                await engine.task_get(task_id=float("nan"))
            with pytest.raises(TypeError):
                await engine.task_get(id=1)
            with pytest.raises(AttributeError):
                engine.task_dance  # noqa: B018

    asyncio.run(story())


def test_a_cancelled_coroutine_abandons_its_answer(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            task_id = (await engine.task_create(name="work", namespace="test", context={"n": 1}))["task_id"]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(engine.task_wait(task_id=task_id, wait_ms=500), 0.05)
            await engine.task_wait(task_id=task_id, wait_ms=600)  # the abandoned answer comes meanwhile
            assert (await engine.engine_health())["panics"] == 0
            assert not engine._pending

    asyncio.run(story())


def test_closing_ends_what_still_waits(database: str) -> None:
    async def story() -> None:
        engine = await AsyncEngine.open(database)
        await engine.template_register(template=template())
        task_id = (await engine.task_create(name="work", namespace="test", context={"n": 1}))["task_id"]
        waiting = asyncio.create_task(engine.task_wait(task_id=task_id, wait_ms=60_000))
        await asyncio.sleep(0.01)
        await engine.close()
        with pytest.raises(ClosedError):
            await waiting
        with pytest.raises(ClosedError):
            await engine.engine_health()

    asyncio.run(story())


def test_every_operation_is_there(database: str) -> None:
    async def story() -> None:
        async with await AsyncEngine.open(database) as engine:
            assert set(NUMBERS) <= set(dir(engine))
            for name in NUMBERS:
                assert asyncio.iscoroutinefunction(getattr(engine, name))
                assert getattr(engine, name).__doc__ == getattr(Engine, name).__doc__

    asyncio.run(story())


def test_the_loop_sleeps_when_nothing_happens(database: str) -> None:
    # A descriptor that stays readable would let the loop spin; processor time tells.
    async def story() -> float:
        async with await AsyncEngine.open(database) as engine:
            await engine.template_register(template=template())
            await engine.task_create(name="work", namespace="test", context={"n": 1})
            turns = 0
            collect = engine._collect

            def counted() -> None:
                nonlocal turns
                turns += 1
                collect()

            engine._loop.remove_reader(engine._descriptor)
            engine._loop.add_reader(engine._descriptor, counted)
            await asyncio.sleep(0.5)
            return turns

    started = time.monotonic()
    assert asyncio.run(story()) < 100
    assert time.monotonic() >= started
