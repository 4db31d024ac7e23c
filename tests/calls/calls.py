#!/usr/bin/env python3
"""Many calls from every language, whose resident memory must not grow.

    tests/calls/calls.py [CALLS]     60,000 calls each by default

The growth is that between the 100,000th call, half of them where they are fewer,
and the last. A heap may take a step for reasons of its own, such as a thread more
on a busy machine, so a host fails when it grows in three runs: a leak always does.
A program in C that releases no reply shows that it would be seen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LIBRARY = ROOT / "build" / "probe" / "libtasker_core.so"
LIMIT_KB = 5 * 1024
CALLS = 60_000
RUNS = 3

# The heap of young objects may grow to 48 MB before the first collection; of a
# fixed one only what is kept can make the process grow.
NODE_FLAGS = ["--expose-gc", "--max-semi-space-size=1"]

# Seconds that a host may take for one call; it only bounds a hang.
PATIENCE = 0.01

ENVIRONMENT = os.environ | {
    "TASKER_CORE_LIBRARY": str(LIBRARY),
    "PYTHONPATH": str(ROOT / "bindings" / "python" / "src"),
    "NODE_PATH": str(ROOT / "build" / "node" / "node_modules"),
}


def compiled() -> str:
    """Builds calls.c against the library of the tests."""
    program = ROOT / "build" / "test" / "calls"
    program.parent.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
    link = [str(LIBRARY), f"-Wl,-rpath,{LIBRARY.parent}"]
    subprocess.run(["cc", *flags, "-o", str(program), str(HERE / "calls.c"), *link], check=True)
    return str(program)


def hosts(program: str) -> dict[str, list[str]]:
    """Each language and its program."""
    return {
        "C": [program],
        "Python": [sys.executable, str(HERE / "host.py")],
        "Ruby": ["ruby", "-I", str(ROOT / "bindings" / "ruby" / "lib"), str(HERE / "host.rb")],
        "Node": ["node", *NODE_FLAGS, str(HERE / "host.js")],
    }


def growth_kb(command: list[str], calls: int, *more: str) -> int:
    """Runs one program to its end and returns what it measured."""
    with tempfile.TemporaryDirectory() as folder:
        whole = [*command, f"{folder}/calls.sqlite3", str(calls), *more]
        limit = 60 + calls * PATIENCE
        done = subprocess.run(
            whole, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, timeout=limit, check=True
        )
    return int(done.stdout)


def judge(name: str, command: list[str], calls: int) -> bool:
    """Runs one host until it does not grow, prints a line for each run, and says whether it passed."""
    for _ in range(RUNS):
        started = time.monotonic()
        try:
            grown = growth_kb(command, calls)
        except subprocess.SubprocessError as error:
            print(f"{name}: {error}", flush=True)
            return False
        seconds = time.monotonic() - started
        print(f"{name}: {calls:,} calls in {seconds:.0f} s, resident memory {grown:+,} kB", flush=True)
        if grown < LIMIT_KB:
            return True
    return False


def main() -> int:
    """Runs all hosts, two at a time, and the leaking program."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    program = compiled()
    with ThreadPoolExecutor(2) as pool:
        passed = [pool.submit(judge, name, command, calls) for name, command in hosts(program).items()]
    leaked = growth_kb([program], 100_000, "leak")
    print(f"C without releasing replies: 100,000 calls, resident memory {leaked:+,} kB")
    return 0 if all(future.result() for future in passed) and leaked > LIMIT_KB else 1


if __name__ == "__main__":
    sys.exit(main())
