"""A forked child gets an error at once; it never hangs, and it harms nobody."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path

from support import PATIENCE, python, start, template
from tasker_core import Engine, ForkedError


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


def test_a_call_in_a_forked_child_answers_forked(engine: Engine) -> None:
    def call() -> int:
        try:
            engine.engine_health()
        except ForkedError as error:
            return 7 if error.remedy else 8
        return 9

    assert in_child(call) == 7


def test_every_way_in_answers_forked(engine: Engine, database: str) -> None:
    def call() -> int:
        ways = (engine.wake_fd, engine.interrupt, engine.rearm, lambda: Engine.open(database))
        forked = 0
        for way in ways:
            try:
                way()
            except ForkedError:
                forked += 1
        return forked

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
