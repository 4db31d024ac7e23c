"""Finding and loading the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, environment, python
from tasker_core import LibraryLoadError, _native

IMPORT_ALONE = """
import sys, threading
from pathlib import Path
before = threading.active_count()
import tasker_core
maps = Path("/proc/self/maps").read_text() if sys.platform == "linux" else ""
assert "libtasker_core" not in maps, "the library is loaded"
assert not tasker_core._native.loaded()
assert threading.active_count() == before, "a thread was started"
tasks = len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
assert tasks == 1, f"{tasks} threads of the system"
print("clean")
"""

BROKEN = """
from tasker_core import Engine, LibraryLoadError
try:
    Engine.open("x.sqlite3")
except LibraryLoadError as error:
    print(error)
"""


def test_importing_loads_nothing_and_starts_nothing() -> None:
    result = python("-c", IMPORT_ALONE)
    assert result.stdout == "clean\n", result.stderr


def test_the_check_would_see_a_loaded_library() -> None:
    result = python(
        "-c", IMPORT_ALONE.replace("import tasker_core\n", "import tasker_core\ntasker_core._native.load()\n")
    )
    assert "the library is loaded" in result.stderr


def test_a_failed_load_explains_itself_and_names_two_ways_out(tmp_path: Path) -> None:
    missing = tmp_path / "gone.so"
    result = subprocess.run(
        [sys.executable, "-c", BROKEN],
        env=environment(TASKER_CORE_LIBRARY=str(missing)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(missing) in result.stdout
    assert "Install" in result.stdout
    assert "TASKER_CORE_LIBRARY" in result.stdout


def test_a_library_of_another_version_is_refused(tmp_path: Path) -> None:
    names = [name for name in _native._FUNCTIONS if name != "tasker_abi_version"]
    source = "unsigned tasker_abi_version(void) { return 99; }\n"
    source += "".join(f"int {name}(void) {{ return 0; }}\n" for name in names)
    library = tmp_path / "libother.so"
    (tmp_path / "other.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "other.c"], check=True)
    result = subprocess.run(
        [sys.executable, "-c", BROKEN],
        env=environment(TASKER_CORE_LIBRARY=str(library)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "interface is version 99" in result.stdout


def test_the_version_is_that_of_the_header() -> None:
    header = (ROOT / "include" / "tasker_core.h").read_text(encoding="utf-8")
    assert f"#define TASKER_ABI_VERSION {_native.ABI_VERSION}\n" in header


def test_the_environment_comes_first_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_native.VARIABLE, "/somewhere/else.so")
    assert list(_native.candidates()) == ["/somewhere/else.so"]
    monkeypatch.delenv(_native.VARIABLE)
    *found, last = _native.candidates()
    assert any("build" in place for place in found)
    assert "/" not in last


def test_the_error_is_one_of_ours() -> None:
    assert LibraryLoadError("x").code == "library"
