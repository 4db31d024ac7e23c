"""Fixtures: every test has a database file of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import LIBRARY, SOURCE

sys.path.insert(0, str(SOURCE))
os.environ.setdefault("TASKER_CORE_LIBRARY", str(LIBRARY))

from tasker_core import Engine


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's settings, and a working directory that may be littered."""
    monkeypatch.delenv("TASKER_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The path of a database that does not exist yet."""
    return str(tmp_path / "test.sqlite3")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An open engine on that database. Without fsync: no test of ours pulls the plug."""
    with Engine.open(database, database={"synchronous": "normal"}) as opened:
        yield opened
