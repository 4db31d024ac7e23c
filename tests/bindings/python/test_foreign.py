"""The host's own SQLite beside the library's is noticed, before it does harm."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from support import PATIENCE, python
from tasker_core import Engine
from test_fork import in_child


def reported(engine: Engine) -> list[dict[str, Any]]:
    health = engine.engine_health()
    assert (health["status"] == "ok") == (not health["foreign_opens"])
    found: list[dict[str, Any]] = health["foreign_opens"]
    return found


def connect(database: str) -> sqlite3.Connection:
    """A connection that only reads the file itself.

    An ordinary one would find none of our locks, which are its own process's,
    and truncate the index of the log under the library: SIGBUS.
    """
    other = sqlite3.connect(f"file:{database}?immutable=1", uri=True)
    other.execute("PRAGMA application_id").fetchone()
    return other


def test_the_sqlite3_module_on_our_file_is_reported(engine: Engine, database: str) -> None:
    assert reported(engine) == []
    with Engine.open(database):
        assert reported(engine) == [], "an engine of ours"
    other = connect(database)
    try:
        found = reported(engine)
        assert [row["path"] for row in found] == [database]
        assert os.path.samefile(f"/proc/self/fd/{found[0]['descriptor']}", database)
        assert "another process" in found[0]["remedy"]
        logs = [row for row in engine.engine_logs_poll()["items"] if "path" in row.get("fields", {})]
        assert [row["level"] for row in logs] == ["warn"]
        assert reported(engine) == found
        assert "tasker_foreign_opens 1" in engine.engine_metrics()["text"]
    finally:
        other.close()
    assert reported(engine) == []


def test_what_a_child_inherits_of_the_library_is_its_own(engine: Engine, database: str) -> None:
    assert in_child(lambda: 7 if reported(engine) == [] else 8) == 7
    other = connect(database)
    # The module's connection lives on in the child, which may close it.
    assert in_child(lambda: 7 if len(reported(engine)) == 1 else 8) == 7
    other.close()


def test_the_module_in_another_process_is_no_stranger(engine: Engine, database: str) -> None:
    code = f"""
import sqlite3
print(sqlite3.connect({database!r}, timeout={PATIENCE}).execute("PRAGMA application_id").fetchone()[0] > 0)
"""
    result = python("-c", code)
    assert result.stdout == "True\n", result.stderr
    assert reported(engine) == []
