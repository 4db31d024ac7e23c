"""What a worker's loop waits on: the engine, its own threads, signals, time."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType


class Wakeup:
    """Waits for the engine's descriptor or for `wake`, with a timeout.

    The wait is the host's own, so Python can deliver signals at once; the
    library is never asked to wait.
    """

    def __init__(self, descriptor: int) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        # A late thread may still write, and a closed number could by then name
        # another file: so the pipe goes with the last reference to this object.
        weakref.finalize(self, _close, self._reader, self._writer).atexit = False
        self._engine = descriptor
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._reader, selectors.EVENT_READ)
        self._selector.register(descriptor, selectors.EVENT_READ)

    def wake(self) -> None:
        """Ends the wait. Any thread may call, and a signal handler too."""
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._writer, b"w")

    def wait(self, seconds: float) -> bool:
        """Waits; returns whether the engine's descriptor is readable."""
        ready = {key.fd for key, _ in self._selector.select(max(0.0, seconds))}
        if self._reader in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._reader, 65_536)
        return self._engine in ready

    def close(self) -> None:
        """Ends waiting. The pipe stays until nobody can write to it any more."""
        self._selector.close()


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


@contextlib.contextmanager
def on_signals(stop: Callable[[int], bool], *, wanted: bool) -> Iterator[None]:
    """Calls `stop` for SIGINT and SIGTERM inside the block, and restores the handlers after it.

    Python allows it on the main thread alone; elsewhere nothing changes. A
    signal that the process was told to ignore stays ignored. Where `stop` has
    nothing to stop, as in a child that a handler forked, the signal does what
    it would have done without us.
    """
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: FrameType | None) -> None:
        if not stop(number):
            signal.signal(number, before[number])
            os.kill(os.getpid(), number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {int(number): signal.getsignal(number) for number in numbers}
    taken = [number for number in numbers if before[number] not in (signal.SIG_IGN, None)]
    for number in taken:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
