"""The process belongs to the host: what importing, opening and calling leave alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import Any

from support import PATIENCE, PROBE, python
from tasker_core import Engine

ROUNDS = 10_000
NUMBERS = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGCHLD, signal.SIGWINCH]

# A program that tells what differs after an open.
LOOK = """
import locale, os, re, resource, signal, sys, time
from pathlib import Path

HOST = [signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP]

def bits(name, numbers):
    mask = int(re.search(rf"{name}:\\s*(\\w+)", Path("/proc/self/status").read_text())[1], 16)
    return [number.name for number in numbers if mask >> (number - 1) & 1]

def umask():
    old = os.umask(0)
    os.umask(old)
    return old

def look():
    return {
        "limit": resource.getrlimit(resource.RLIMIT_NOFILE), "caught": bits("SigCgt", HOST),
        "ignored": bits("SigIgn", HOST), "blocked": bits("SigBlk", list(signal.Signals)),
        "handlers": [signal.getsignal(number) for number in HOST], "environment": dict(os.environ),
        "locale": locale.setlocale(locale.LC_ALL), "folder": os.getcwd(), "umask": umask(),
    }

def loaded():
    return "libtasker" in Path("/proc/self/maps").read_text()

def tell(when, before):
    after = look()
    for name, value in before.items():
        if after[name] != value:
            print(when, name, value, "->", after[name])
"""


def test_importing_loads_nothing_and_starts_nothing() -> None:
    code = f"{LOOK}\nimport tasker_core\nprint(loaded(), len(os.listdir('/proc/self/task')))"
    assert python("-c", code).stdout == "False 1\n"


def test_opening_changes_nothing_of_the_host(database: str) -> None:
    code = f"""{LOOK}
from tasker_core import Engine
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard - 1) // 2, hard))
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, lambda *_: None)
before = look()
with Engine.open({database!r}) as engine:
    print(loaded())
    engine.schema_status()
    time.sleep(0.2)  # for what a runtime does later
    tell("open", before)
tell("closed", before)
"""
    result = python("-c", code)
    assert result.stdout == "True\n", result.stderr


def test_ten_thousand_signals_during_traffic_reach_the_handlers_of_the_host(engine: Engine) -> None:
    """Each signal is sent when the one before was handled, so that none may get lost."""
    counts = dict.fromkeys(NUMBERS, 0)

    def handle(number: int, _: FrameType | None) -> None:
        counts[signal.Signals(number)] += 1

    def send() -> None:
        for done in range(ROUNDS):
            number = NUMBERS[done % len(NUMBERS)]
            seen = counts[number]
            os.kill(os.getpid(), number)
            while counts[number] == seen:
                time.sleep(0)

    before = {number: signal.signal(number, handle) for number in NUMBERS}
    try:
        sender = threading.Thread(target=send)
        sender.start()
        calls = 0
        while sender.is_alive():
            request: dict[str, Any] = {"do": "echo", "text": f"t{calls}"}
            assert engine._call(PROBE, "probe", request)["text"] == f"t{calls}"
            calls += 1
        sender.join(PATIENCE)
        assert sum(counts.values()) == ROUNDS
        assert calls > 100
        assert all(signal.getsignal(number) is handle for number in NUMBERS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
