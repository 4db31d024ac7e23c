"""What several test files need."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "bindings" / "python" / "src"

# The library of the tests (make lib/probe) has one operation more, of this number:
# it does nothing, echoes or waits.
LIBRARY = ROOT / "build" / "probe" / "libtasker_core.so"
PROBE = 0x7000

# Seconds after which a test that waits for something fails. It only bounds a
# hang, so it is far beyond what any machine needs.
PATIENCE = 60.0


def template(name: str = "work", steps: Mapping[str, list[str]] | None = None, **step: Any) -> dict[str, Any]:
    """A template as an object: steps with their parents, and settings that all steps share."""
    rows = []
    for title, parents in (steps or {"only": []}).items():
        row = {"name": title, "backoff": {"strategy": "none"}, **step}
        rows.append({**row, "depends_on_steps": parents} if parents else row)
    return {"name": name, "namespace_name": "test", "version": "1.0.0", "step_templates": rows}


def start(engine: Any, name: str = "work", **fields: Any) -> int:
    """Creates a task of such a template and returns its id."""
    context = fields.pop("context", {"number": 1})
    task_id: int = engine.task_create(name=name, namespace="test", context=context, **fields)["task_id"]
    return task_id


def states(engine: Any, task_id: int) -> dict[str, str]:
    """The states of a task's steps by name."""
    return {
        step["name"]: step["state"] for step in engine.task_get(task_id=task_id, include=["steps"])["steps"]
    }


def history(engine: Any, task_id: int, name: str = "only") -> list[dict[str, Any]]:
    """The transitions of one step of a task."""
    steps = engine.task_get(task_id=task_id, include=["steps"])["steps"]
    step_id = next(step["step_id"] for step in steps if step["name"] == name)
    rows: list[dict[str, Any]] = engine.transition_list(step_id=step_id)["items"]
    return rows


def until(condition: Callable[[], Any]) -> Any:
    """Waits for something that another thread or process does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def environment(**more: str) -> dict[str, str]:
    """The environment of a program under test."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TASKER_DATABASE")}
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1", **more}


def python(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Runs Python to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment(),
        **more,
    )


def heed_signals() -> None:
    """Undoes that a test run in the background ignores SIGINT, which programs inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def program(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program that runs beside the test; it is gone at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=heed_signals,  # noqa: PLW1509 - no thread of ours holds a lock that it takes
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def running(worker: Any) -> Iterator[threading.Thread]:
    """The worker in a thread of its own; stopped and joined at the end of the block."""
    thread = threading.Thread(target=worker.run, kwargs={"handle_signals": False})
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the worker did not stop"
