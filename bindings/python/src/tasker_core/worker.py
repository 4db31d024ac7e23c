"""The worker: claims steps, runs their handlers, reports, and stops in good order."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone

from .attempts import Attempt, Pool
from .client import Engine
from .exchange import Exchange, Granted
from .handlers import Handlers, Step
from .wakeup import Wakeup, on_signals
from .wire import instant

log = logging.getLogger("tasker_core.worker")

# Seconds after which an idle worker looks for work although nothing woke it:
# a lost wake-up then costs a delay and nothing else.
_LOOK_SECONDS = 5.0

# Least seconds until a look that a timer causes: the clocks of this machine and
# of the database may differ.
_LOOK_LEAST_SECONDS = 0.05

# Seconds between two questions whether the leases of running handlers are held.
_LEASE_CHECK_SECONDS = 2.0

# Given-up handlers that may still run before the worker takes less new work.
_ABANDONED_MAX = 64

# Most steps of one claim.
_CLAIM_MAX = 1_000


class Worker:
    """Runs the steps that it has handlers for, `concurrency` at a time.

        worker = Worker(engine, concurrency=8)

        @worker.handler(step="validate_cart", task="order")
        def validate_cart(step):
            return {"lines": len(step.context["cart"])}

        worker.run()

    `run` works in the calling thread until `stop`, SIGINT or SIGTERM. Then it
    claims no more, lets running handlers finish for up to `grace` seconds,
    reports them, and gives the other steps back. A second signal gives them
    back at once.

    One worker per engine at a time: it alone waits for the engine's wake
    descriptor. `stop` and `counts` may be used by any thread.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        handlers: Handlers | None = None,
        concurrency: int = 4,
        name: str | None = None,
        grace: float = 30.0,
    ) -> None:
        if not 1 <= concurrency <= _CLAIM_MAX:
            raise ValueError(f"concurrency is {concurrency}; it must be from 1 to {_CLAIM_MAX}")
        self.engine = engine
        self.handlers = Handlers() if handlers is None else handlers
        self.handler = self.handlers.handler
        self.concurrency = concurrency
        self._name = name
        self.grace = grace
        self.counts: Counter[str] = Counter()
        """How many outcomes got which verdict, and how many attempts were abandoned or lost."""
        self._stops = 0  # requests to stop: one lets handlers finish, two do not
        self._wakeup: Wakeup | None = None
        self._pid = os.getpid()  # of the process that the two above are about
        self._waiter: threading.Lock | None = None  # of the engine, while it runs

    @property
    def name(self) -> str:
        """The name to register by: the one given, else of this machine and process."""
        return self._name or f"{socket.gethostname()}-{os.getpid()}"

    def stop(self) -> None:
        """Lets `run` end in good order; a stop before `run` ends that at once. Any thread."""
        self._be_here()
        self._stops = max(self._stops, 1)
        self._wake()

    def run(
        self,
        *,
        until: Callable[[], bool] | None = None,
        every: float = 0.1,
        handle_signals: bool = True,
    ) -> bool:
        """Works until stopped, or until `until` is true; returns whether it is.

        `until` is asked after every change and at least each `every` seconds,
        in this thread. KeyboardInterrupt is raised after a second signal only,
        when the leases are given back.
        """
        longest = every if until else _LOOK_SECONDS
        return self._run(lambda _: until is not None and until(), longest, handle_signals)

    def run_until_idle(self, *, handle_signals: bool = True) -> bool:
        """Works until nothing is left to do for this worker, now or at a known time.

        Returns whether it came to that; it did not when the worker was stopped.
        Steps that other workers run may make new ones ready later.
        """
        return self._run(lambda loop: loop.idle, _LOOK_SECONDS, handle_signals)

    def _run(self, done: Callable[[_Loop], bool], longest: float, handle_signals: bool) -> bool:
        patterns = [pattern.request() for pattern in self.handlers.patterns()]
        if not patterns:
            raise ValueError("the worker has no handlers")
        self._be_here()
        self.take_waiter()
        try:
            return self._run_alone(patterns, done, longest, handle_signals)
        finally:
            assert self._waiter is not None  # taken
            self._waiter.release()

    def _run_alone(
        self,
        patterns: list[dict[str, str]],
        done: Callable[[_Loop], bool],
        longest: float,
        handle_signals: bool,
    ) -> bool:
        loop = _Loop(self, patterns)
        with on_signals(self._signalled, wanted=handle_signals):
            try:
                loop.sign_on()
                while not (reached := done(loop)) and not self._stops:
                    loop.turn(longest)
                loop.finish(self.grace, lambda: self._stops > 1)
            finally:
                loop.leave()
                hard, self._stops = self._stops > 1, 0
        if hard:
            raise KeyboardInterrupt
        return reached

    def _signalled(self, _: int) -> bool:
        if self._pid != os.getpid():
            return False  # the run is the parent's
        self._stops += 1
        self._wake()
        return True

    def _wake(self) -> None:
        wakeup = self._wakeup
        if wakeup is not None:
            wakeup.wake()

    def _be_here(self) -> None:
        """In a forked child: what was asked of the parent's run, and what wakes it, is the parent's."""
        if self._pid != os.getpid():
            self._pid, self._stops, self._wakeup = os.getpid(), 0, None
            self.counts.clear()

    def new_wakeup(self) -> Wakeup:
        """Internal: what ends the waits of a run in this process from now on."""
        self._be_here()
        self._wakeup = Wakeup(self.engine.wake_fd())
        return self._wakeup

    def take_waiter(self) -> None:
        """Internal: makes sure that no other run in this process waits on the engine."""
        waiter = self.engine.waiter
        if not waiter.acquire(blocking=False):
            raise RuntimeError("another worker runs on this engine; open an engine for each worker")
        self._waiter = waiter


class _Loop:
    """One run of a worker. Everything here belongs to the thread that runs it."""

    def __init__(self, worker: Worker, patterns: list[dict[str, str]]) -> None:
        self._worker = worker
        self._patterns = patterns
        self._begin()

    def _begin(self) -> None:
        """All of it is of this process alone: threads, what wakes it, leases."""
        self._pid = os.getpid()
        worker = self._worker
        self._wakeup = worker.new_wakeup()
        self._exchange = Exchange(worker.engine, worker.name, self._patterns, worker.counts)
        self._pool = Pool(worker.concurrency, self._wakeup.wake)
        self._running: dict[int, Attempt] = {}  # by epoch, which names a lease for ever
        self._hungry = True  # there may be work
        self._empty = False  # the last look found nothing
        self._next_due: str | None = None
        self._next_look = 0.0
        self._next_check = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing runs, nothing is ready and nothing is due later."""
        busy = self._running or self._exchange.outcomes or self._hungry
        return self._empty and not busy and self._next_due is None

    def sign_on(self) -> None:
        """Registers the worker."""
        self._exchange.sign_on()

    def _be_here(self) -> None:
        """Begins anew in a child that was forked in the middle of the run.

        The parent goes on with its worker, its leases and what its threads have
        in hand; the child is another worker with none of them.
        """
        if self._pid != os.getpid():
            self._worker.take_waiter()
            self._begin()
            self.sign_on()

    def turn(self, longest: float) -> None:
        """One round: take in what ended, then report, claim and start, or else wait."""
        self._be_here()
        self._take_in()
        if time.monotonic() >= self._next_look:
            self._hungry = True
        room = self._room()
        if (self._exchange.outcomes or (self._hungry and room)) and not self._exchange.paused:
            granted = self._exchange.swap(room)
            if granted is not None:
                self._start(granted, room)
        else:
            self._wait(longest, room)
        self._check_leases()

    def finish(self, grace: float, hard: Callable[[], bool]) -> None:
        """Waits for running handlers, up to the grace, and reports them."""
        self._be_here()
        end = time.monotonic() + grace
        if self._running:
            log.info("stopping: %d handlers may finish within %g s", len(self._running), grace)
        while (self._running or self._exchange.outcomes) and not hard():
            self._take_in()
            left = end - time.monotonic()
            if self._exchange.outcomes and not self._exchange.paused:
                self._exchange.swap(0)
            elif left <= 0:
                return
            else:
                self._wait(left, 0)
            self._check_leases()

    def leave(self) -> None:
        """Gives up what still runs and signs off. In a forked child nothing is its own to give up."""
        if self._pid != os.getpid():
            return
        for attempt in self._running.values():
            attempt.abandon()
        self._pool.close()
        self._exchange.sign_off()
        self._wakeup.close()

    def _room(self) -> int:
        surplus = max(0, self._pool.abandoned - _ABANDONED_MAX)
        return max(0, self._worker.concurrency - len(self._running) - surplus)

    def _wait(self, longest: float, room: int) -> None:
        now = time.monotonic()
        times = [now + longest]
        if self._exchange.outcomes or (self._hungry and room):
            times.append(self._exchange.paused_until)
        if not self._hungry:
            times.append(self._next_look)
        if self._running:
            times.append(self._next_check)
            times.append(min(_expiry(attempt) for attempt in self._running.values()))
        if self._wakeup.wait(min(times) - now):
            # Reset before the look, so that what comes between wakes us again.
            self._worker.engine.rearm()
            self._hungry = True

    def _start(self, granted: Granted, room: int) -> None:
        now = time.monotonic()
        if not self._running:
            self._next_check = now + _LEASE_CHECK_SECONDS
        for claimed in granted.steps:
            handler = self._worker.handlers.find(claimed)
            assert handler is not None, f"was given {claimed['name']}, which no pattern matches"
            attempt = Attempt(Step(claimed, claimed_at=now), handler)
            self._running[attempt.step.epoch] = attempt
            self._pool.run(attempt)
        self._hungry = len(granted.steps) == room
        self._empty = not granted.steps
        self._next_due = granted.next_due
        self._next_look = now + _LOOK_SECONDS * random.uniform(0.8, 1.2)
        due = instant(granted.next_due)
        if due is not None:
            delay = (due - datetime.now(timezone.utc)).total_seconds()
            self._next_look = min(self._next_look, now + max(_LOOK_LEAST_SECONDS, delay))

    def _take_in(self) -> None:
        """Collects what finished, and gives up what is overdue."""
        while not self._pool.done.empty():
            attempt = self._pool.done.get()
            if self._running.pop(attempt.step.epoch, None) and not attempt.lost and attempt.outcome:
                self._exchange.outcomes.append(attempt.outcome)
        now = time.monotonic()
        for attempt in [a for a in self._running.values() if _expiry(a) <= now]:
            if self._pool.abandon(attempt):
                self._give_up(attempt)

    def _give_up(self, attempt: Attempt) -> None:
        step = attempt.step
        del self._running[step.epoch]
        self._worker.counts["abandoned"] += 1
        log.warning("%r ran longer than its %g s and was abandoned", step, step.timeout)
        if not attempt.lost:
            message = f"the handler ran longer than its {step.timeout:g} s"
            self._exchange.outcomes.append(attempt.failure(message, kind="HandlerTimeout", code="timeout"))

    def _check_leases(self) -> None:
        """Tells handlers whose lease is gone, so that they can stop early."""
        now = time.monotonic()
        if not self._running or now < self._next_check:
            return
        self._next_check = now + _LEASE_CHECK_SECONDS
        for epoch in self._exchange.lost([attempt.lease for attempt in self._running.values()]):
            attempt = self._running[epoch]
            if not attempt.lost:
                attempt.lost = True
                attempt.step.cancel()
                self._worker.counts["lost"] += 1
                log.warning("%r lost its lease; its outcome would be refused", attempt.step)


def _expiry(attempt: Attempt) -> float:
    """When the attempt is given up. The engine ends it itself a little later, so our report wins."""
    return attempt.started + attempt.step.timeout
