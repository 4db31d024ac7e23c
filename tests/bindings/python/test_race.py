"""Processes that race for the steps of one file, and the ledger that judges them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from support import ROOT, environment

sys.path.insert(0, str(ROOT / "tests" / "race"))

from ledger import Entry, problems

PARENTS = {1: [], 2: [1], 3: [1], 4: [2, 3]}
GOOD = [
    Entry(step, 7, 100 + step, 1, f"step{step}", "p1-w1", started=10 * step, ended=10 * step + 5)
    for step in PARENTS
]


def test_8_workers_in_3_processes_run_5000_steps_once_each() -> None:
    script = str(ROOT / "tests" / "race" / "race.py")
    result = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=False, env=environment()
    )
    print(result.stdout, result.stderr)
    assert result.returncode == 0, result.stderr
    assert "8 workers in 3 processes, 5000 steps of 1250 tasks" in result.stdout
    assert "every step ran exactly once" in result.stdout


def test_a_good_ledger_passes() -> None:
    assert problems(GOOD, PARENTS) == []
    assert [Entry.read(entry.line()) for entry in GOOD] == GOOD


@pytest.mark.parametrize(
    ("ledger", "complaint"),
    [
        ([*GOOD, GOOD[1]], "step 2 ran 2 times"),
        ([*GOOD, replace(GOOD[1], step_id=9)], "step 9 is none of the tasks'"),
        (GOOD[:-1], "step 4 did not run"),
        ([*GOOD[:-1], replace(GOOD[3], epoch=103)], "epoch 103 was given out 2 times"),
        ([*GOOD[:-1], replace(GOOD[3], attempt=2)], "step 4 was at attempt 2"),
        ([*GOOD[:-1], replace(GOOD[3], started=31)], "step 4 started before its parent 3 ended"),
    ],
)
def test_the_ledger_s_judge_sees_what_is_wrong(ledger: list[Entry], complaint: str) -> None:
    assert complaint in problems(ledger, PARENTS)
