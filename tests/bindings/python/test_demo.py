"""The demo does what it says, and fails when the report is another one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, environment, python

DEMO = ROOT / "examples" / "python" / "demo.py"


@pytest.fixture
def another_root(tmp_path: Path) -> Path:
    """A copy of what the demo reads, to be tampered with."""
    (tmp_path / "bindings").symlink_to(ROOT / "bindings")
    for part in ("data", "templates", "python"):
        folder = tmp_path / "examples" / part
        folder.mkdir(parents=True)
        for file in (ROOT / "examples" / part).iterdir():
            if file.is_file():
                (folder / file.name).write_bytes(file.read_bytes())
    return tmp_path


def run(script: Path, work: Path) -> subprocess.CompletedProcess[str]:
    """Runs the demo from wherever it is, with the library of this checkout."""
    return subprocess.run(
        [sys.executable, str(script), "--work", str(work)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment(TASKER_CORE_LIBRARY=str(ROOT / "build" / "libtasker_core.so")),
    )


def test_the_demo_ends_with_the_committed_report(tmp_path: Path) -> None:
    result = run(DEMO, tmp_path / "work")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "all 13 tasks are complete" in result.stdout
    assert "2/5" in result.stdout  # extract_users needed a second attempt
    report = (tmp_path / "work" / "report.md").read_text(encoding="utf-8")
    assert report in result.stdout
    assert str(tmp_path) not in report


def test_the_demo_fails_when_the_report_is_another_one(another_root: Path) -> None:
    lines = another_root / "examples" / "data" / "order_lines.csv"
    head, first, *rest = lines.read_text(encoding="utf-8").splitlines()
    order, line, product, quantity, price, discount = first.split(",")
    changed = ",".join([order, line, product, str(int(quantity) + 1), price, discount])
    lines.write_text("\n".join([head, changed, *rest]) + "\n", encoding="utf-8")
    result = run(another_root / "examples" / "python" / "demo.py", another_root / "work")
    assert result.returncode == 1
    assert "the report's digest is" in result.stderr


def test_the_demo_fails_when_a_task_does_not_complete(another_root: Path) -> None:
    (another_root / "examples" / "data" / "rates.csv").unlink()
    result = run(another_root / "examples" / "python" / "demo.py", another_root / "work")
    assert result.returncode == 1
    assert "(customer_analytics) is error" in result.stderr


def test_the_data_set_is_what_its_script_writes() -> None:
    result = python(str(ROOT / "examples" / "data" / "generate.py"), "--check")
    assert result.returncode == 0, result.stderr


def test_the_check_of_the_data_set_sees_a_changed_file(another_root: Path) -> None:
    data = another_root / "examples" / "data"
    (data / "rates.csv").write_text("currency,euros\n", encoding="utf-8")
    result = python(str(data / "generate.py"), "--check")
    assert result.returncode == 1
    assert "rates.csv" in result.stderr
