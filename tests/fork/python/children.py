"""Forks children that work with the engines of their parent: children.py CASE COUNT."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bindings" / "python" / "src"), str(ROOT / "tests" / "ledger")]

from work import Store, open_stores, work_everywhere

# Seconds that a child has.
DEADLINE = 5.0


def show(pid: int) -> None:
    """Tells where each thread of a child stands that hangs."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        values = [f"{name}={(task / name).read_text().strip()}" for name in ("comm", "wchan", "syscall")]
        print(f"process {pid}, thread {task.name}:", *values, file=sys.stderr)


def finish(pid: int) -> None:
    """Waits for a child that must end well and in time."""
    descriptor = os.pidfd_open(pid)
    ready, _, _ = select.select([descriptor], [], [], DEADLINE)
    os.close(descriptor)
    if not ready:
        show(pid)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not ready or status != 0:
        raise SystemExit(f"child {pid} {'hung' if not ready else 'failed'}: wait status {status:x}")


def fork(action: Callable[[], None], number: int) -> int:
    """Forks a child. Every other one ends as Python ends, with its finalizers."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        action()
        status = 0
        if number % 2:
            sys.exit(0)
    except SystemExit:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the child ends here
        print(f"child {os.getpid()}: {error!r}", file=sys.stderr, flush=True)
    os._exit(status)


def calm(stores: list[Store], count: int) -> None:
    """Children of a parent that rests."""
    work_everywhere(stores)
    for number in range(count):
        finish(fork(lambda: work_everywhere(stores), number))


@contextmanager
def traffic(stores: list[Store]) -> Iterator[None]:
    """Four threads at work in the parent, two on each store."""
    stopping = threading.Event()
    failures: list[Exception] = []

    def drive(store: Store) -> None:
        try:
            while not stopping.is_set():
                store.work()
        except Exception as error:  # noqa: BLE001 - for the thread that joins this one
            failures.append(error)

    threads = [threading.Thread(target=drive, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def busy(stores: list[Store], count: int) -> None:
    """Children of a parent whose threads are at work."""
    with traffic(stores):
        calm(stores, count)


def threads(stores: list[Store], count: int) -> None:
    """Children forked by a thread, which work in four threads at once."""

    def crowd() -> None:
        crew = [threading.Thread(target=work_everywhere, args=(stores,)) for _ in range(4)]
        for member in crew:
            member.start()
        for member in crew:
            member.join()

    def forker() -> None:
        # In the child the forking thread is the first one, and Python ends a
        # thread, not the process, when it leaves its function: any library with
        # threads of its own then keeps the process. So this ends by os._exit.
        for _ in range(count):
            finish(fork(crowd, 0))

    failures: list[BaseException] = []
    threading.excepthook = lambda args: failures.append(args.exc_value or RuntimeError())
    thread = threading.Thread(target=forker)
    thread.start()
    thread.join()
    if failures:
        raise SystemExit(str(failures[0]))


def programs(stores: list[Store], count: int) -> None:
    """Other programs, started in every way that Python knows, beside a parent at work."""
    with traffic(stores):
        for _ in range(count):
            subprocess.run(["true"], check=True)
            subprocess.run("true", shell=True, check=True, close_fds=False)
            subprocess.run(["true"], check=True, preexec_fn=lambda: None)
            if os.system("true") != 0:
                raise SystemExit("system failed")
            finish(os.posix_spawnp("true", ["true"], os.environ))
            work_everywhere(stores)


def daemon(stores: list[Store], count: int) -> None:
    """A daemon: forked twice, in a session of its own, with nothing left open."""

    def become(report: int) -> None:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.dup2(report, 0)
        os.closerange(3, 4096)
        signal.alarm(20)  # nobody waits for it
        work_everywhere(stores)
        os.write(0, b"d")

    for _ in range(max(1, count // 10)):
        ours, theirs = os.pipe()
        finish(fork(lambda report=theirs: become(report), 0))  # type: ignore[misc]
        os.close(theirs)
        if os.read(ours, 1) != b"d":
            raise SystemExit("the daemon did not do its work")
        os.close(ours)
    work_everywhere(stores)


CASES = {case.__name__: case for case in (calm, busy, threads, programs, daemon)}


def main() -> None:
    name, count = sys.argv[1:]
    stores = open_stores()
    CASES[name](stores, int(count))
    work_everywhere(stores)
    for store in stores:
        store.engine.close()


if __name__ == "__main__":
    main()
