"""Everything that a host does at the boundary, for a library built with AddressSanitizer.

    LD_PRELOAD="libasan.so libubsan.so" python3 tests/abi/python/sanitize.py LIBRARY
    ... LIBRARY --misuse     does what the sanitizer has to notice

The sanitizer ends the process when the C front reads or writes what is not its own.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from boundary import OK, Buffer, Engine, Failure, Library

INVALID, TIMEOUT, CANCELLED, LIMIT, CLOSED = 1, 9, 10, 11, 12
PROBE = 0x7000
PATIENCE = 60.0
TEMPLATE = "name: one\nversion: 1.0.0\nstep_templates:\n  - name: only\n"


def replies(engine: Engine) -> None:
    """Requests and replies of all sizes, and wrong ones."""
    for size in (0, 1, 15, 16, 17, 4095, 4096, 4097, 1 << 20):
        for instant in (True, False):
            reply = engine.call("probe", do="echo", text="x" * size, instant=instant)
            assert len(reply.get("text", "")) == size
    for wrong in (b"{", b"[]", b"{} x", b'{"a":"\xff"}', b'{"no_such_key":1}', b"\x00", b"{" * 200000):
        status, text = engine.bytes("task_get", wrong)
        assert status in (INVALID, LIMIT), (wrong[:20], status)
        assert text.startswith(b'{"error":'), text[:100]


def arguments(library: Library, engine: Engine) -> None:
    """NULL, lengths beyond all limits, and numbers that are no engine."""
    native, buffer = library.native, Buffer()
    reply = ctypes.byref(buffer)
    for length in ((64 << 20) + 1, (1 << 63), (1 << 64) - 1):
        status = native.tasker_task_get(engine.number, ctypes.c_void_p(16), ctypes.c_size_t(length), reply)
        assert status == LIMIT
        assert str(length) in library.take(buffer).decode()
    assert native.tasker_task_get(engine.number, None, ctypes.c_size_t(3), reply) == INVALID
    library.take(buffer)
    assert native.tasker_task_get(engine.number, None, ctypes.c_size_t(0), None) == INVALID
    assert native.tasker_open(None, ctypes.c_size_t(0), None, reply) == INVALID
    library.take(buffer)
    assert native.tasker_collect(engine.number, None, ctypes.c_size_t(5), None) == INVALID
    for number in (0, 1, engine.number.value + 1, engine.number.value ^ (1 << 30), (1 << 64) - 1):
        forged = Engine(library, number)
        assert forged.attempt("engine_health")[0] == CLOSED
        assert forged.interrupt() == CLOSED
    library.native.tasker_buffer_free(None)
    library.native.tasker_buffer_free(reply)


def submitted(engine: Engine) -> None:
    """Three hundred requests, answered and collected a few at a time."""
    wanted = {engine.submit(PROBE, do="echo", text="y" * (number * 37)) for number in range(300)}
    while wanted:
        assert engine.await_readable(PATIENCE)
        for ticket, status, reply in engine.collect(7):
            assert status == OK, reply
            wanted.remove(ticket)
    try:
        engine.submit(9999)
    except Failure as failure:
        assert failure.status == INVALID
    engine.submit(PROBE, do="wait", wait_ms=1)  # left for close


def submitted_together(engine: Engine) -> None:
    """Batches of all sizes, collected a few at a time; one is refused as a whole."""
    for size in (1, 2, 63, 64, 65, 400):
        ways = [(PROBE, {"do": "echo", "text": "y" * (n * 11), "instant": n % 2 == 0}) for n in range(size)]
        wanted = set(engine.submit_many(ways))
        while wanted:
            assert engine.await_readable(PATIENCE)
            for ticket, status, reply in engine.collect(7):
                assert status == OK, reply
                wanted.remove(ticket)
    assert engine.submit_many([]) == []
    try:
        engine.submit_many([(PROBE, {}), (9999, {})])
    except Failure as failure:
        assert failure.status == INVALID
        assert failure.reply["error"]["details"]["index"] == 1
    assert not engine.await_readable(0) or engine.collect() == []


def worked(engine: Engine) -> None:
    """A task from template to end."""
    engine.call("template_register", template=TEMPLATE)
    worker = engine.call("worker_register", name="w", handlers=[{"task": "one"}])["worker_id"]
    engine.call("task_create", name="one", context={"n": 1})
    [step] = engine.call("step_claim", worker_id=worker, wait_ms=10_000)["steps"]
    outcome = {"step_id": step["step_id"], "epoch": step["epoch"], "status": "complete"}
    engine.call("step_report", outcomes=[outcome])
    engine.call("task_list")


def interrupted(engine: Engine) -> None:
    """A call that waits is ended from another thread, and another by its deadline."""
    statuses: list[int] = []
    thread = threading.Thread(
        target=lambda: statuses.append(engine.attempt("probe", do="wait", wait_ms=50_000)[0])
    )
    thread.start()
    while thread.is_alive():
        assert engine.interrupt() == OK
        thread.join(0.01)
    assert statuses == [CANCELLED], statuses
    assert engine.attempt("probe", do="wait", wait_ms=20, timeout_ms=1)[0] in (OK, TIMEOUT, CANCELLED)


def crowded(work: Callable[[], None]) -> None:
    """Forty threads do the same; what one raises is raised here."""
    with ThreadPoolExecutor(40) as pool:
        for future in [pool.submit(work) for _ in range(80)]:
            future.result(PATIENCE)


def closed(engine: Engine) -> None:
    """Closing while others call: each call is answered, one of two closes."""
    statuses: list[int] = []

    def call() -> None:
        status = OK
        while status == OK:
            status = engine.attempt("probe", do="echo", text="z" * 100)[0]
        statuses.append(status)

    callers = [threading.Thread(target=call) for _ in range(8)]
    closers = [threading.Thread(target=lambda: statuses.append(engine.attempt("close")[0])) for _ in range(2)]
    for thread in callers + closers:
        thread.start()
    for thread in callers + closers:
        thread.join(PATIENCE)
    assert sorted(statuses) == [OK] + [CLOSED] * 9, statuses


def forked(engine: Engine) -> None:
    """A child goes on with the engine, and so does a child of the child."""
    child = os.fork()
    if child == 0:
        engine.call("probe", do="echo", text="in the child")
        engine.call("engine_health")
        os._exit(os.waitstatus_to_exitcode(grandchild(engine)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    engine.call("engine_health")


def grandchild(engine: Engine) -> int:
    """Forks once more and returns how that child ended."""
    child = os.fork()
    if child == 0:
        engine.call("engine_health")
        os._exit(0)
    return os.waitpid(child, 0)[1]


def misuse(library: Library) -> None:
    """Frees a buffer that lies in memory which was given back."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    place = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(ctypes.sizeof(Buffer))))
    libc.free(place)
    library.native.tasker_buffer_free(place)


def main() -> int:
    """All of it."""
    library = Library(sys.argv[1])
    if "--misuse" in sys.argv:
        misuse(library)
        return 0
    config = {"database": {"url": "sanitized.sqlite3", "synchronous": "normal"}}
    engine, other = library.open(**config), library.open(**config)
    for part in (replies, submitted_together, submitted, worked, interrupted, forked):
        print(part.__name__, flush=True)
        part(engine)
    arguments(library, engine)
    crowded(lambda: replies(other))
    forked(other)
    closed(engine)
    other.call("close")
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
