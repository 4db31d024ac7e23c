"""The engine for asyncio: the same operations as coroutines, without threads."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from . import wire
from .batches import Batches
from .client import Engine
from .errors import ClosedError, TaskerError, from_reply
from .operations import NUMBERS, Operations


class AsyncEngine:
    """An open engine for one event loop.

        engine = await AsyncEngine.open()
        async with engine:
            task = await engine.task_create(name="order", context={"order_id": 7})
            await engine.task_wait(task_id=task["task_id"])

    Every method of `Engine` that is an operation is a coroutine here, with the
    same keywords. Requests are submitted, and the loop learns by the engine's
    wake descriptor that answers are there; nothing blocks and no thread is
    used. What is called in one turn of the loop is submitted together.
    Cancelling a coroutine abandons its answer, not the operation.

    It belongs to the loop in which it was opened. It is the one waiter of its
    engine: a Worker needs an engine of its own. A forked child may go on with
    it in a loop of its own; what waits in the parent is answered there.
    """

    def __init__(self, engine: Engine) -> None:
        """Internal; use `AsyncEngine.open`."""
        self._engine = engine
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._called: list[_Called] = []  # in this turn of the loop
        self._batches = Batches(*engine.native)
        self._operations = _Submitted(self._submit)
        self._listen()

    def _listen(self) -> None:
        """Has the loop of this process collect what comes."""
        self._pid = os.getpid()
        self._loop = asyncio.get_running_loop()
        self._descriptor = self._engine.wake_fd()
        self._loop.add_reader(self._descriptor, self._collect)

    def _be_here(self) -> None:
        """In a forked child: begins anew. The parent's loop is not touched, for it shares its selector."""
        if self._pid != os.getpid():
            self._pending, self._called = {}, []
            self._listen()

    @classmethod
    async def open(cls, url: str | os.PathLike[str] | None = None, **config: Any) -> AsyncEngine:
        """Opens an engine; see `Engine.open`. Opening may migrate, so a thread does it."""
        return cls(await asyncio.to_thread(Engine.open, url, **config))

    @property
    def opened(self) -> dict[str, Any]:
        """What the library said at the open."""
        return self._engine.opened

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._engine.closed

    async def close(self) -> None:
        """Closes the engine. Coroutines that still wait end with ClosedError; twice is harmless."""
        if self.closed:
            return
        if self._pid == os.getpid():
            self._submit_called()
            # First: the descriptor is closed with the engine, and its number may be used again.
            self._loop.remove_reader(self._descriptor)
        else:
            self._pending, self._called = {}, []  # the parent's
        pending, self._pending = self._pending, {}
        try:
            await asyncio.to_thread(self._engine.close)
        finally:
            for future in pending.values():
                if not future.done():
                    future.set_exception(ClosedError("the engine was closed while the call was under way"))

    async def __aenter__(self) -> AsyncEngine:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, dict[str, Any]]]:
        if name not in NUMBERS:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        operation = getattr(self._operations, name)

        @functools.wraps(operation)
        async def call(**fields: Any) -> dict[str, Any]:
            answer: dict[str, Any] = await operation(**fields)
            return answer

        return call

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *NUMBERS})

    def _submit(self, number: int, request: dict[str, Any]) -> asyncio.Future[dict[str, Any]]:
        self._be_here()
        body = wire.encode(request)
        future: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        if not self._called:
            self._loop.call_soon(self._submit_called)
        self._called.append((number, body, future))
        return future

    def _submit_called(self) -> None:
        """Submits what was called in this turn of the loop, at its end."""
        called, self._called = self._called, []
        try:
            self._submit_all(called)
        except TaskerError:
            # One may be to blame, or there is room for some: each gets an answer of its own.
            for call in called:
                try:
                    self._submit_all([call])
                except TaskerError as error:
                    if not call[2].done():
                        call[2].set_exception(error)

    def _submit_all(self, called: list[_Called]) -> None:
        if called:
            ticket = self._batches.submit([(number, body) for number, body, _ in called])
            self._pending.update(enumerate((future for _, _, future in called), ticket))

    def _collect(self) -> None:
        """Takes all answers that are there. Called by the loop when the descriptor is readable."""
        try:
            for ticket, status, answer in self._batches.collect():
                future = self._pending.pop(ticket, None)
                if future is not None and not future.done():
                    _settle(future, status, answer)
        except TaskerError as error:
            self._fail(error)

    def _fail(self, error: TaskerError) -> None:
        """The engine is gone: nobody will answer any more."""
        self._loop.remove_reader(self._descriptor)
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(error)


# A call that is to be submitted: number of the operation, request, and who awaits it.
_Called = tuple[int, bytes, "asyncio.Future[dict[str, Any]]"]


def _settle(future: asyncio.Future[dict[str, Any]], status: int, answer: bytes) -> None:
    try:
        reply = wire.decode(answer)
    except (TaskerError, ValueError) as error:
        future.set_exception(error)
        return
    if status != 0:
        future.set_exception(from_reply(status, reply))
    else:
        future.set_result(reply)


class _Submitted(Operations):
    """The generated operations, each returning the future of its reply."""

    def __init__(self, submit: Callable[[int, dict[str, Any]], asyncio.Future[dict[str, Any]]]) -> None:
        self._submit = submit

    def _call(self, number: int, name: str, request: dict[str, Any]) -> Any:
        return self._submit(number, request)
