"""Many calls from Python: see calls.c, which does the same."""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path
from typing import Any

from tasker_core import AsyncEngine, Engine

PROBE = 0x7000
BATCH = 100


def resident_kb() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


async def submit(engine: AsyncEngine, requests: list[dict[str, Any]]) -> None:
    """Submits requests and waits for all answers."""
    await asyncio.gather(*(engine._submit(PROBE, request) for request in requests))


async def main(database: str, calls: int) -> None:
    """Calls in batches: three ways by name, one submitted."""
    named = Engine.open(database)
    submitted = await AsyncEngine.open(database + ".other")
    requests: list[dict[str, Any]] = [{"instant": True}, {}, {"do": "echo", "text": "7" * 1024}]
    before = 0
    for done in range(0, calls, 4 * BATCH):
        if before == 0 and done >= min(calls // 2, 100_000):
            before = resident_kb()
        for request in requests * BATCH:
            named._call(PROBE, "probe", request)
        await submit(submitted, [{}] * BATCH)
    print(resident_kb() - before)
    named.close()
    await submitted.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
