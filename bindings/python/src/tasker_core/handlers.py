"""What people write: handlers, the step they are given, and how they fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from .wire import instant

# The longest wait that a failed attempt may ask for, in seconds: one day.
RETRY_AFTER_MAX = 86_400


class RetryableError(Exception):
    """Raise it in a handler: this attempt failed, another may succeed.

    `retry_after` is the number of seconds that the other side asked for; it
    replaces the template's backoff. `code` is kept with the failure. Other
    exceptions mean the same, without these two.
    """

    __module__ = "tasker_core"  # where people import it from, and what failures are recorded as

    def __init__(self, message: str, *, retry_after: float | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.code = code


class PermanentError(Exception):
    """Raise it in a handler: no further attempt can succeed, whatever the limit."""

    __module__ = "tasker_core"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class Step:
    """One attempt of one step, as its handler sees it.

    A handler works on `context` and on what its parents gave back, and returns
    its own results: anything that JSON knows. A long handler looks at
    `cancelled` now and then, and stops when it is true: its outcome would be
    refused.
    """

    def __init__(self, claimed: Mapping[str, Any], *, claimed_at: float | None = None) -> None:
        self.claimed = claimed
        """The step as the library gave it out."""
        self.step_id: int = claimed["step_id"]
        self.task_id: int = claimed["task_id"]
        self.epoch: int = claimed["epoch"]
        self.name: str = claimed["name"]
        self.namespace: str = claimed["namespace"]
        self.task: str = claimed["task_name"]
        self.version: str = claimed["version"]
        self.attempt: int = claimed["attempt"]
        """1 for the first attempt."""
        self.retry_limit: int = claimed["retry_limit"]
        """Attempts allowed in total."""
        self.context: Any = claimed["context"]
        """The task's context."""
        self.inputs: Any = claimed["inputs"]
        """The step's inputs: the context unless a person edited them."""
        self.config: Any = claimed["handler_config"] or {}
        """handler_config of the template."""
        self.previous: Any = claimed["previous_results"]
        """What an earlier failed attempt left."""
        self.parents: dict[str, Any] = {parent["name"]: parent["results"] for parent in claimed["parents"]}
        """Results of the parents by step name."""
        self.timeout: float = float(claimed["timeout_seconds"])
        """Seconds that the attempt may take."""
        self._expires = (time.monotonic() if claimed_at is None else claimed_at) + self.timeout
        self._cancelled = threading.Event()

    def results(self, parent: str) -> Any:
        """The results of one parent. KeyError names the parents that there are."""
        try:
            return self.parents[parent]
        except KeyError:
            known = ", ".join(sorted(self.parents)) or "none"
            raise KeyError(f"{self.name} has no parent {parent!r}; its parents are: {known}") from None

    @property
    def deadline(self) -> datetime | None:
        """When the attempt must have ended, by the clock of the database."""
        return instant(self.claimed["deadline_at"])

    @property
    def remaining(self) -> float:
        """Seconds until the deadline, never negative; no clock needs to be right."""
        return max(0.0, self._expires - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether the attempt is over already: cancelled, overdue, or the worker stops at once."""
        return self._cancelled.is_set()

    def wait_cancelled(self, seconds: float) -> bool:
        """Sleeps, unless and until the attempt is over; returns `cancelled`."""
        return self._cancelled.wait(seconds)

    def cancel(self) -> None:
        """Tells the handler that its attempt is over. Called by the worker."""
        self._cancelled.set()

    def __repr__(self) -> str:
        return f"<Step {self.name} {self.step_id} of task {self.task_id}, attempt {self.attempt}>"


Handler = Callable[[Step], Any]
AnyHandler = TypeVar("AnyHandler", bound=Handler)


@dataclass(frozen=True)
class Pattern:
    """Which steps a handler is for. What is None matches anything."""

    namespace: str | None = None
    task: str | None = None
    version: str | None = None
    step: str | None = None

    def matches(self, claimed: Mapping[str, Any]) -> bool:
        """Whether the claimed step is one of these."""
        pairs = (
            (self.namespace, "namespace"),
            (self.task, "task_name"),
            (self.version, "version"),
            (self.step, "name"),
        )
        return all(wanted is None or wanted == claimed[key] for wanted, key in pairs)

    @property
    def narrowness(self) -> int:
        """How many fields are given."""
        return sum(value is not None for value in (self.namespace, self.task, self.version, self.step))

    def request(self) -> dict[str, str]:
        """The pattern as worker_register takes it."""
        return {key: value for key, value in vars(self).items() if value is not None}


class Handlers:
    """The handlers of an application, to be collected before there is an engine.

        handlers = Handlers(namespace="shop")

        @handlers.handler(step="validate_cart", task="order")
        def validate_cart(step):
            return {"lines": len(step.context["cart"])}

    The pattern with the most fields wins; of equals, the one added last.
    """

    def __init__(self, *, namespace: str | None = None, task: str | None = None) -> None:
        self._default = Pattern(namespace=namespace, task=task)
        self._handlers: dict[Pattern, Handler] = {}

    def handler(
        self,
        step: str | None = None,
        *,
        task: str | None = None,
        namespace: str | None = None,
        version: str | None = None,
    ) -> Callable[[AnyHandler], AnyHandler]:
        """Decorator: the function handles these steps."""

        def register(function: AnyHandler) -> AnyHandler:
            self.add(function, step=step, task=task, namespace=namespace, version=version)
            return function

        return register

    def add(
        self,
        handler: Handler,
        *,
        step: str | None = None,
        task: str | None = None,
        namespace: str | None = None,
        version: str | None = None,
    ) -> None:
        """Adds anything that can be called with a step. ValueError for a pattern that has a handler."""
        pattern = Pattern(
            namespace=namespace or self._default.namespace,
            task=task or self._default.task,
            version=version,
            step=step,
        )
        if pattern in self._handlers:
            raise ValueError(f"there is a handler for {pattern.request()} already")
        self._handlers[pattern] = handler

    def include(self, other: Handlers) -> None:
        """Adds all handlers of another collection."""
        for pattern, handler in other._handlers.items():
            self.add(handler, **pattern.request())

    def find(self, claimed: Mapping[str, Any]) -> Handler | None:
        """The handler for a claimed step, None when no pattern matches."""
        best: tuple[int, Handler] | None = None
        for pattern, handler in self._handlers.items():
            if pattern.matches(claimed) and (best is None or pattern.narrowness >= best[0]):
                best = pattern.narrowness, handler
        return best[1] if best else None

    def patterns(self) -> Iterator[Pattern]:
        """What the worker announces."""
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)
