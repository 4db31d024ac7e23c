"""What a worker says to its engine: sign on, report, claim, ask for its leases, sign off."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .client import Engine
from .errors import (
    InternalError,
    InvalidRequestError,
    LeaseLostError,
    LimitExceededError,
    NotFoundError,
    TaskerError,
)

log = logging.getLogger("tasker_core.worker")

# Seconds of pause after the database refused a call: the first, the longest.
_PAUSE_SECONDS = (0.1, 5.0)

# Most outcomes of one report; more would only lengthen the transaction.
_REPORT_MAX = 1_000


@dataclass
class Granted:
    """The answer to a claim."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    next_due: str | None = None


class Exchange:
    """The engine's side of one worker. Used by the thread of its loop alone.

    Outcomes stay here until they are recorded: a call that failed for the
    moment is repeated, which is safe because every outcome names its epoch.
    """

    def __init__(
        self, engine: Engine, name: str, handlers: list[dict[str, str]], counts: Counter[str]
    ) -> None:
        self._engine = engine
        self._name = name
        self._handlers = handlers
        self._counts = counts
        self._pause = 0.0
        self.worker_id: int | None = None
        self.outcomes: list[dict[str, Any]] = []
        """Finished and not yet recorded."""
        self.paused_until = 0.0

    @property
    def paused(self) -> bool:
        """Whether the database refused the last call and is left alone for a moment."""
        return time.monotonic() < self.paused_until

    def sign_on(self) -> None:
        """Registers the worker."""
        reply = self._engine.worker_register(name=self._name, language="python", handlers=self._handlers)
        self.worker_id = reply["worker_id"]
        log.info("worker %s registered as %s", self.worker_id, self._name)

    def sign_off(self) -> None:
        """Gives back what is still leased. It raises nothing, so as not to hide why the run ends."""
        worker_id, self.worker_id = self.worker_id, None
        self.outcomes.clear()
        if worker_id is None:
            return
        try:
            released = self._engine.worker_stop(worker_id=worker_id)["released"]
            log.info("worker %s stopped; %d steps given back", worker_id, released)
        except TaskerError as error:
            log.warning("the worker could not sign off: %s", error)

    def swap(self, room: int) -> Granted | None:
        """Reports what is finished and claims up to `room` steps, in one call.

        None when the call failed for the moment, or nothing was claimed for.
        """
        batch = self.outcomes[:_REPORT_MAX]
        try:
            granted = self._report(batch, room) if batch else self._claim(room)
        except (InvalidRequestError, LimitExceededError):
            if not batch:
                raise
            self._report_apart(batch)
            return None
        except TaskerError as error:
            self._recover(error)
            return None
        self._pause = 0.0
        return granted

    def lost(self, leases: list[dict[str, int]]) -> set[int]:
        """The epochs of those leases that are no longer held."""
        assert self.worker_id is not None  # signed on
        try:
            reply = self._engine.step_heartbeat(worker_id=self.worker_id, steps=leases)
        except TaskerError as error:
            self._recover(error)
            return set()
        return {status["epoch"] for status in reply["steps"] if not status["held"]}

    def _claim(self, room: int) -> Granted:
        assert self.worker_id is not None  # signed on
        reply = self._engine.step_claim(worker_id=self.worker_id, limit=room)
        return Granted(reply["steps"], reply["next_due"])

    def _report(self, batch: list[dict[str, Any]], room: int) -> Granted | None:
        claim = None
        if room:
            # The look that comes with the report takes the wake-up's place.
            self._engine.rearm()
            claim = {"worker_id": self.worker_id, "limit": room}
        reply = self._engine.step_report(outcomes=batch, claim=claim)
        del self.outcomes[: len(batch)]
        self._judge(reply["verdicts"])
        if "claim_problem" in reply:
            self._register_again()
            return None
        return Granted(reply["claimed"], reply["next_due"]) if room else None

    def _judge(self, verdicts: Iterable[dict[str, Any]]) -> None:
        for verdict in verdicts:
            kind = verdict["verdict"]
            self._counts[kind] += 1
            if kind not in ("recorded", "already_recorded"):
                log.warning("the outcome of step %s was refused: %s", verdict["step_id"], kind)

    def _report_apart(self, batch: list[dict[str, Any]]) -> None:
        """One bad outcome must not hold up the others; it becomes a permanent failure itself.

        A call that fails for the moment leaves the rest for after the pause.
        """
        del self.outcomes[: len(batch)]
        for done, outcome in enumerate(batch):
            try:
                self._judge(self._engine.step_report(outcomes=[outcome])["verdicts"])
            except (InvalidRequestError, LimitExceededError) as refusal:
                log.error("what step %s gave back was refused: %s", outcome["step_id"], refusal)
                self.outcomes.append(_refused(outcome, refusal))
            except TaskerError as error:
                self.outcomes += batch[done:] if error.retryable else [outcome]
                self._recover(error)
                if error.retryable:
                    return

    def _register_again(self) -> None:
        log.warning("the engine gave this worker up; registering again")
        self.sign_on()

    def _recover(self, error: TaskerError) -> None:
        """What can be repeated is repeated after a pause; everything else ends the run."""
        if isinstance(error, (LeaseLostError, NotFoundError)):
            try:
                self._register_again()
                return
            except TaskerError as refusal:
                error = refusal
        if not error.retryable and not isinstance(error, InternalError):
            raise error
        least, most = _PAUSE_SECONDS
        self._pause = min(max(least, self._pause * 2), most)
        self.paused_until = time.monotonic() + self._pause
        log.warning("%s; trying again in %.1f s", error, self._pause)


def _refused(outcome: dict[str, Any], refusal: TaskerError) -> dict[str, Any]:
    kept: dict[str, Any] = {
        key: outcome[key] for key in ("step_id", "epoch", "duration_ms") if key in outcome
    }
    message = f"what the handler gave back was refused: {refusal.message}"
    error = {"message": message, "class": type(refusal).__qualname__, "code": refusal.code}
    return {**kept, "status": "error", "permanent": True, "error": error}
