"""One line that tells how far a run is."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from tasker_core import Engine

# States in which nothing more happens to a task by itself.
ENDED = ("complete", "error", "cancelled", "resolved_manually")


class Progress:
    """Rewrites its line on a terminal; elsewhere it writes one now and then."""

    def __init__(self, engine: Engine, task_ids: Sequence[int]) -> None:
        self._engine = engine
        self._task_ids = list(task_ids)
        self._started = time.monotonic()
        self._terminal = sys.stdout.isatty()
        self._pause = 0.1 if self._terminal else 1.0
        self._next = 0.0

    def over(self) -> bool:
        """Whether every task has ended; shows how things stand. A worker asks it again and again."""
        tasks = self._engine.task_context_many(task_ids=self._task_ids)["items"]
        over = all(task["status"] in ENDED for task in tasks)
        now = time.monotonic()
        if over or now >= self._next:
            self._next = now + self._pause
            self._show(self._line(tasks), last=over)
        return over

    def _line(self, tasks: Sequence[dict[str, Any]]) -> str:
        total = sum(task["total_steps"] for task in tasks)
        done = sum(task["completed_steps"] for task in tasks)
        running = sum(task["in_progress_steps"] for task in tasks)
        waiting = sum(task["failed_steps"] for task in tasks)
        ended = sum(task["status"] in ENDED for task in tasks)
        bar = "█" * (20 * done // total) if total else ""
        return (
            f"{time.monotonic() - self._started:5.1f} s  {bar:░<20}  {done}/{total} steps, "
            f"{running} running, {waiting} waiting for a retry, {ended}/{len(tasks)} tasks ended"
        )

    def _show(self, line: str, *, last: bool) -> None:
        if self._terminal:
            # A line that wraps could not be rewritten.
            fitting = line[: shutil.get_terminal_size().columns - 1]
            print(f"\r\x1b[K{fitting}", end="\n" if last else "", flush=True)
        else:
            print(line, flush=True)
