"""The engine as Python sees it: open, call, close."""

from __future__ import annotations

import ctypes
import os
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from . import _native, wire
from .batches import Batches
from .errors import ClosedError, ForkedError, InvalidRequestError, TaskerError, from_reply
from .operations import NUMBERS, Operations

# How long one native call of a waiting operation may take on the main thread.
# Python delivers Ctrl-C only between native calls, and a tenth of a second
# still feels immediate.
_SLICE_MS = 100

# What task_wait waits without wait_ms, as its documentation says.
_WAIT_DEFAULT_MS = 30_000


class Engine(Operations):
    """An open engine. Every operation of the library is a method of it.

    Open one per database and share it: every method may be called by any
    thread at any time, and native calls release the interpreter lock. Requests
    are keyword arguments, replies are dictionaries, and what fails raises a
    `TaskerError` of the class that belongs to its code.

        with Engine.open() as engine:
            engine.task_create(name="order", context={"order_id": 7})

    `close` may be called twice. An engine that is never closed is closed when
    it is collected, or at the end of the process. A forked child goes on with
    the same object: its first call opens the engine again, under a worker
    identity of its own. `fork="error"`, and a database in memory, raise
    ForkedError there instead.

    The embedded database file belongs to the library. Never open it with the
    sqlite3 module in the same process: when that opens or closes the file, the
    library's locks are passed over and lost, and with them rows.
    `engine_health` tells of it in `foreign_opens`.
    """

    def __init__(self, library: _native.Library, handle: int, opened: dict[str, Any]) -> None:
        """Internal; use `Engine.open`."""
        self._library = library
        self._handle = handle
        self._finalizer = weakref.finalize(self, _close, library, handle)
        self.waiter = threading.Lock()
        """Held by whoever waits here for the wake descriptor; two would take each other's wake-ups."""
        _engines.add(self)
        self.opened = opened
        """What the library said at the open: store, place of the database, schema."""

    @classmethod
    def open(cls, url: str | os.PathLike[str] | None = None, **config: Any) -> Engine:
        """Opens an engine.

        `url` names the database: a path, `sqlite:` and a path, or a PostgreSQL
        URL. Without it the variable TASKER_DATABASE_URL is used, else the file
        tasker.sqlite3 in the working directory. The other settings are keyword
        arguments, with dictionaries for their sections: `migrate="check"`,
        `worker={"lease_seconds": 30}`.

        Raises LibraryLoadError, InvalidRequestError, UnmigratedError,
        IncompatibleSchemaError, UnavailableError, PermissionDeniedError.
        """
        if url is not None:
            config["database"] = {**config.get("database", {}), "url": os.fspath(url)}
        request = wire.encode(config)
        library = _native.load()
        handle = ctypes.c_uint64()
        reply = _native.Buffer()
        try:
            status = library.tasker_open(request, len(request), ctypes.byref(handle), ctypes.byref(reply))
            answer = library.take(reply)
        finally:
            library.tasker_buffer_free(ctypes.byref(reply))
        opened = _result(status, answer)
        return cls(library, handle.value, opened)

    @property
    def native(self) -> tuple[_native.Library, int]:
        """The library and the handle, for the other modules of this package."""
        return self._library, self._handle

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Closes the engine; steps that its workers still hold are released.

        A second call does nothing. In a forked child it closes what the child
        has opened again, and the parent goes on. Calls that are under way in
        other threads end with ClosedError or CallCancelledError.
        """
        error = self._finalizer()
        if error is not None and not isinstance(error, (ClosedError, ForkedError)):
            raise error

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        place = self.opened.get("location") or self.opened.get("store") or "engine"
        return f"<tasker_core.Engine {place}{' (closed)' if self.closed else ''}>"

    def interrupt(self) -> None:
        """Ends the calls of other threads that wait, such as task_wait."""
        self._check(self._library.tasker_interrupt(self._handle))

    def submit_many(self, calls: Iterable[tuple[str, Mapping[str, Any]]]) -> range:
        """Starts operations, given by name and request, in one native call, and returns their tickets.

            tickets = engine.submit_many([("task_get", {"task_id": n}) for n in range(1, 65)])

        All or none: when it raises, nothing was started. The operations run at the
        same time; their answers are there for `collect` as they end, and `wake_fd`
        tells of it. For programs with a loop of their own; `AsyncEngine` is such a
        loop for asyncio.
        """
        requests = [(_number(name), wire.encode(request)) for name, request in calls]
        first = Batches(self._library, self._handle).submit(requests)
        return range(first, first + len(requests))

    def collect(self) -> list[tuple[int, dict[str, Any] | TaskerError]]:
        """Takes the answers that are there: the ticket of each, and its reply or error. It never waits."""
        return [
            (ticket, _answer(status, answer))
            for ticket, status, answer in Batches(self._library, self._handle).collect()
        ]

    def wake_fd(self) -> int:
        """A descriptor that becomes readable when there may be work to claim, or answers to collect.

        It is a hint and belongs to the engine: wait for it, never read, write
        or close it. `step_claim` and `collect` reset it. Only one waiter per engine.
        """
        descriptor = ctypes.c_int32(-1)
        self._check(self._library.tasker_wake_fd(self._handle, ctypes.byref(descriptor)))
        return descriptor.value

    def rearm(self) -> None:
        """Resets the wake descriptor, before looking for work by other means than step_claim."""
        count = ctypes.c_size_t()
        self._check(self._library.tasker_collect(self._handle, None, 0, ctypes.byref(count)))

    def _call(self, number: int, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """The one way of every operation into the library."""
        if name in _WAITING and threading.current_thread() is threading.main_thread():
            return self._call_in_slices(name, request)
        return self._call_once(name, request)

    def _call_once(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        body = wire.encode(request)
        function = self._library.operation(name)
        reply = _native.Buffer()
        try:
            status = function(self._handle, body, len(body), ctypes.byref(reply))
            answer = self._library.take(reply)
        finally:
            self._library.tasker_buffer_free(ctypes.byref(reply))
        return _result(status, answer)

    def _call_in_slices(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        default, came = _WAITING[name]
        wait_ms = request.get("wait_ms")
        total = default if wait_ms is None else wait_ms
        if not isinstance(total, int) or total <= _SLICE_MS or total > _LONGEST_MS:
            return self._call_once(name, request)
        end = time.monotonic() + total / 1000
        while True:
            left = max(0, round((end - time.monotonic()) * 1000))
            reply = self._call_once(name, {**request, "wait_ms": min(left, _SLICE_MS)})
            if came(reply) or left <= _SLICE_MS:
                return reply

    def _check(self, status: int) -> None:
        if status != 0:
            raise from_reply(status, None)


# Every engine of this process, so that a child can be given what it must not share.
_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _after_fork() -> None:
    """In a forked child: whoever held these locks is a thread of the parent."""
    for engine in list(_engines):
        engine.waiter = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def _task_came(reply: dict[str, Any]) -> bool:
    return not reply["timed_out"]


def _steps_came(reply: dict[str, Any]) -> bool:
    return bool(reply["steps"])


# The operations that wait: what they wait without wait_ms, and whether what
# they waited for came. Beyond the greatest wait the library refuses the call.
_WAITING = {"task_wait": (_WAIT_DEFAULT_MS, _task_came), "step_claim": (0, _steps_came)}
_LONGEST_MS = 600_000


def _number(name: str) -> int:
    if name not in NUMBERS:
        raise InvalidRequestError(f"there is no operation {name}")
    return NUMBERS[name]


def _answer(status: int, answer: bytes) -> dict[str, Any] | TaskerError:
    reply = wire.decode(answer)
    return reply if status == 0 else from_reply(status, reply)


def _result(status: int, answer: bytes) -> dict[str, Any]:
    reply = wire.decode(answer)
    if status != 0:
        raise from_reply(status, reply)
    return reply


def _close(library: _native.Library, handle: int) -> TaskerError | None:
    """Closes the handle and returns what went wrong instead of raising it.

    This is close, the finalizer and the end of the process alike: a finalizer
    has nobody to raise to.
    """
    reply = _native.Buffer()
    try:
        status = library.tasker_close(handle, None, 0, ctypes.byref(reply))
        answer = library.take(reply)
    finally:
        library.tasker_buffer_free(ctypes.byref(reply))
    return None if status == 0 else from_reply(status, wire.decode(answer))
