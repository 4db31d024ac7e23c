"""Running handlers: the threads, and what is reported about each attempt."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
import time
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from .handlers import RETRY_AFTER_MAX, Handler, PermanentError, RetryableError, Step

# The longest stack trace that is reported, in characters; the innermost frames
# are at its end and are kept.
_BACKTRACE_MAX = 16_000


class Attempt:
    """One run of a handler. It ends once: finished by the handler, or abandoned by the worker."""

    def __init__(self, step: Step, handler: Handler) -> None:
        self.step = step
        self.handler = handler
        self.started = time.monotonic()
        self._elapsed: float | None = None  # seconds in the handler, None while it runs
        self.outcome: dict[str, Any] | None = None
        self.lost = False
        """Whether the lease is gone, so that nothing is to be reported."""
        self._lock = threading.Lock()  # guards _over
        self._over = False

    @property
    def lease(self) -> dict[str, int]:
        """The lease as requests name it."""
        return {"step_id": self.step.step_id, "epoch": self.step.epoch}

    def run(self) -> bool:
        """Runs the handler; False when the attempt was abandoned meanwhile."""
        outcome = self._handle()
        if not self._end():
            return False
        self.outcome = outcome
        return True

    def abandon(self) -> bool:
        """Ends the attempt without its handler; False when that finished first."""
        self.step.cancel()
        return self._end()

    def failure(self, message: str, *, kind: str, code: str | None, **more: Any) -> dict[str, Any]:
        """An outcome that says what went wrong."""
        error = {
            "message": message or kind,
            "class": kind,
            "code": code,
            "backtrace": more.pop("backtrace", None),
        }
        present = {key: value for key, value in error.items() if value is not None}
        return self._outcome("error", error=present, **more)

    def _end(self) -> bool:
        with self._lock:
            first, self._over = not self._over, True
            return first

    def _handle(self) -> dict[str, Any]:
        try:
            results = self._call()
        except RetryableError as error:
            return self._raised(error, error.code, **_wait(error.retry_after))
        except PermanentError as error:
            return self._raised(error, error.code, permanent=True)
        except BaseException as error:  # the thread is ours, so even SystemExit ends only the attempt
            return self._raised(error, None)
        return self._outcome("complete", results=results)

    def _call(self) -> Any:
        began = time.monotonic()
        try:
            results = self.handler(self.step)
            return asyncio.run(_value_of(results)) if inspect.isawaitable(results) else results
        finally:
            self._elapsed = time.monotonic() - began

    def _raised(self, error: BaseException, code: str | None, **more: Any) -> dict[str, Any]:
        kind = type(error)
        name = (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
        trace = "".join(traceback.format_exception(kind, error, error.__traceback__))
        return self.failure(str(error), kind=name, code=code, backtrace=trace[-_BACKTRACE_MAX:], **more)

    def _outcome(self, status: str, **more: Any) -> dict[str, Any]:
        elapsed = time.monotonic() - self.started if self._elapsed is None else self._elapsed
        return {**self.lease, "status": status, "duration_ms": round(elapsed * 1000), **more}


async def _value_of(awaitable: Any) -> Any:
    return await awaitable


def _wait(seconds: float | None) -> dict[str, int]:
    """Waits are whole seconds in the database: rounded up, within the limit."""
    if seconds is None:
        return {}
    return {"retry_after_seconds": max(0, min(math.ceil(seconds), RETRY_AFTER_MAX))}


class Pool:
    """Threads that run attempts; they end by `close`, none of them outlives the process.

    An abandoned handler cannot be stopped from outside. Its thread is replaced
    at once, and ends by itself when the handler returns. Threads are daemons,
    or one hanging handler would keep the process from ending.
    """

    def __init__(self, size: int, finished: Callable[[], None]) -> None:
        """`finished` is called by a thread after an attempt was put into `done`."""
        self.done: SimpleQueue[Attempt] = SimpleQueue()
        self._finished = finished
        self._waiting: SimpleQueue[Attempt | None] = SimpleQueue()
        self._lock = threading.Lock()  # guards _abandoned
        self._abandoned = 0
        self._size = size
        for _ in range(size):
            self._start()

    @property
    def abandoned(self) -> int:
        """Handlers that were given up and still run."""
        with self._lock:
            return self._abandoned

    def run(self, attempt: Attempt) -> None:
        """Hands the attempt to a free thread."""
        self._waiting.put(attempt)

    def abandon(self, attempt: Attempt) -> bool:
        """Gives the attempt up and replaces its thread; False when it has just finished."""
        if not attempt.abandon():
            return False
        with self._lock:
            self._abandoned += 1
        self._start()
        return True

    def close(self) -> None:
        """Lets every thread end that has nothing to run; does not wait for them."""
        for _ in range(self._size):
            self._waiting.put(None)

    def _start(self) -> None:
        threading.Thread(target=self._work, name="tasker-handler", daemon=True).start()

    def _work(self) -> None:
        while (attempt := self._waiting.get()) is not None:
            if not attempt.run():
                with self._lock:
                    self._abandoned -= 1
                return
            self.done.put(attempt)
            self._finished()
            del attempt  # or the last step would live as long as the thread waits
