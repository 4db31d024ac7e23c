"""Texts of every length around the powers of two, in characters of four bytes.

In a process of its own, which loads the library of the tests: its operation gives
back what it is sent. Where a buffer is cut in the middle of a character, or a length
counts characters for bytes, the texts differ.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from support import PATIENCE, ROOT, environment

LIBRARY = ROOT / "build" / "probe" / "libtasker_core.so"

# What both programs need: texts of given lengths in bytes, ending anywhere in a row of
# characters.
TEXTS = """
PROBE = 0x7000
REQUEST = len('{"do":"echo","text":""}')
LONGEST = 16 * 1024 * 1024

def texts():
    power = 64
    while power <= LONGEST:
        for length in range(power - 5, power + 6) if power <= 1024 * 1024 else (power - 1, power, power + 1):
            size = length - REQUEST
            yield "x" * (size % 4) + "\U0001f600" * (size // 4)
        power *= 2
"""

CALLED = (
    TEXTS
    + """
from tasker_core import Engine
with Engine.open("lengths.sqlite3") as engine:
    for text in texts():
        for instant in (False, True):
            reply = engine._call(PROBE, "probe", {"do": "echo", "text": text, "instant": instant})
            assert reply["text"] == text, len(text)
print("whole")
"""
)

SUBMITTED = (
    TEXTS
    + """
import asyncio
from tasker_core import AsyncEngine

async def main():
    async with await AsyncEngine.open("lengths.sqlite3") as engine:
        rows = list(texts())
        for at in range(0, len(rows), 8):
            part = rows[at:at + 8]
            replies = await asyncio.gather(*[engine._submit(PROBE, {"do": "echo", "text": t}) for t in part])
            assert [r["text"] for r in replies] == part, at

asyncio.run(main())
print("whole")
"""
)


@pytest.mark.parametrize("program", [CALLED, SUBMITTED], ids=["called", "submitted"])
def test_texts_of_every_length_come_back_whole(program: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(TASKER_CORE_LIBRARY=str(LIBRARY)),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert result.stdout == "whole\n", result.stderr[-2000:]
