"""A forked child goes on with what its parent opened, and harms nobody."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path

from support import PATIENCE, python, start, template
from tasker_core import Engine


def in_child(action: Callable[[], int]) -> int:
    """Runs the action in a forked child and returns its status; a hang is status -1."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = action()
        finally:
            os._exit(status)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return -1


def test_a_forked_child_goes_on_with_the_engine(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)

    def call() -> int:
        return 7 if engine.task_get(task_id=task_id)["state"] == "pending" else 8

    assert in_child(call) == 7
    assert engine.task_get(task_id=task_id)["state"] == "pending"


def test_every_way_in_works_in_a_child(engine: Engine, database: str) -> None:
    parents = engine.wake_fd()

    def call() -> int:
        engine.interrupt()
        engine.rearm()
        own = engine.wake_fd()
        with Engine.open(database) as other:
            return 4 if own == parents and other.engine_health()["status"] == "ok" else 5

    assert in_child(call) == 4


def test_closing_in_the_child_leaves_the_parent_alone(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)

    def close() -> int:
        engine.close()
        return 5

    assert in_child(close) == 5
    assert engine.task_get(task_id=task_id)["state"] == "pending"


def test_a_child_that_ends_as_python_ends_harms_nobody(database: str) -> None:
    # sys.exit runs finalizers, and so the one of the inherited engine.
    code = f"""
import os, sys
from tasker_core import Engine
engine = Engine.open({database!r})
if os.fork() == 0:
    sys.exit(3)
_, status = os.wait()
print(os.waitstatus_to_exitcode(status), engine.engine_health()["status"])
"""
    result = python("-c", code)
    assert result.stdout == "3 ok\n", result.stderr


def _health(database: str) -> str:
    with Engine.open(database) as engine:
        status: str = engine.engine_health()["status"]
        return status


def test_spawned_processes_work(engine: Engine, database: str) -> None:
    assert engine.engine_health()["status"] == "ok"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_health, [database] * 4) == ["ok"] * 4


def test_forking_before_the_first_open_works(tmp_path: Path) -> None:
    code = f"""
import os, tasker_core
if os.fork() == 0:
    with tasker_core.Engine.open({str(tmp_path / "child.sqlite3")!r}) as engine:
        os._exit(0 if engine.engine_health()["status"] == "ok" else 1)
_, status = os.wait()
print(os.waitstatus_to_exitcode(status))
"""
    result = python("-c", code)
    assert result.stdout == "0\n", result.stderr
