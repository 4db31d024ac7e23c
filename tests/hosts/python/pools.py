"""Processes that Python's own library forks, from a parent with open engines: pools.py COUNT."""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import paths  # noqa: F401 - before what it finds
from work import open_stores, work_everywhere

STORES = open_stores()

# Seconds that anything here may take.
PATIENCE = 60.0


def job(_number: int) -> int:
    """One job in a child."""
    work_everywhere(STORES)
    return os.getpid()


def main() -> None:
    count = int(sys.argv[1])
    context = multiprocessing.get_context("fork")
    work_everywhere(STORES)

    with context.Pool(2, maxtasksperchild=5) as pool:
        pids = set(pool.map_async(job, range(count), chunksize=1).get(PATIENCE))
    if len(pids) < 2:
        raise SystemExit("the pool had less than two processes at work")

    processes = [context.Process(target=job, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
        process.join(PATIENCE)
        if process.exitcode != 0:
            raise SystemExit(f"a process ended with {process.exitcode}")

    with ProcessPoolExecutor(2, mp_context=context) as executor:
        list(executor.map(job, range(count), timeout=PATIENCE))

    work_everywhere(STORES)
    for store in STORES:
        store.engine.close()


if __name__ == "__main__":
    main()
