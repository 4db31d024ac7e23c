"""Declarations of the C library, and where it is found. Nothing else.

The library is loaded at the first open and never at import, so that servers
that import first and fork then never meet the question what a fork does to it.
It is loaded once and never unloaded.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import LibraryLoadError

# The TASKER_ABI_VERSION of the header that these declarations were written for.
ABI_VERSION = 0

# The environment variable that names the library file.
VARIABLE = "TASKER_CORE_LIBRARY"


class Buffer(ctypes.Structure):
    """tasker_buffer: memory that the library filled and that we release."""

    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Submission(ctypes.Structure):
    """tasker_submission: one request for tasker_submit_many."""

    _fields_ = [
        ("operation", ctypes.c_uint32),
        ("request", ctypes.c_void_p),
        ("request_len", ctypes.c_size_t),
    ]


class Completion(ctypes.Structure):
    """tasker_completion: the answer to one submitted request."""

    _fields_ = [("ticket", ctypes.c_uint64), ("status", ctypes.c_int32), ("reply", Buffer)]


_REQUEST = [ctypes.c_char_p, ctypes.c_size_t]

# The functions beside the operations: result, arguments.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "tasker_abi_version": (ctypes.c_uint32, []),
    "tasker_build_info": (ctypes.c_char_p, []),
    "tasker_buffer_free": (None, [ctypes.c_void_p]),
    "tasker_open": (ctypes.c_int32, [*_REQUEST, ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(Buffer)]),
    "tasker_close": (ctypes.c_int32, [ctypes.c_uint64, *_REQUEST, ctypes.POINTER(Buffer)]),
    "tasker_interrupt": (ctypes.c_int32, [ctypes.c_uint64]),
    "tasker_wake_fd": (ctypes.c_int32, [ctypes.c_uint64, ctypes.POINTER(ctypes.c_int32)]),
    "tasker_submit": (
        ctypes.c_int32,
        [
            ctypes.c_uint64,
            ctypes.c_uint32,
            *_REQUEST,
            ctypes.POINTER(ctypes.c_uint64),
            ctypes.POINTER(Buffer),
        ],
    ),
    "tasker_submit_many": (
        ctypes.c_int32,
        [
            ctypes.c_uint64,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_uint64),
            ctypes.POINTER(Buffer),
        ],
    ),
    "tasker_collect": (
        ctypes.c_int32,
        [ctypes.c_uint64, ctypes.POINTER(Completion), ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)],
    ),
}

# All operations have one shape.
_OPERATION: list[Any] = [ctypes.c_uint64, *_REQUEST, ctypes.POINTER(Buffer)]


class Library:
    """The loaded library with its functions declared.

    CDLL, not PyDLL: the interpreter lock is released around every call.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._dll = ctypes.CDLL(path)
        for name, (result, arguments) in _FUNCTIONS.items():
            self._declare(name, result, arguments)
        self._operations: dict[str, Any] = {}

    def _declare(self, name: str, result: Any, arguments: list[Any]) -> Any:
        function = getattr(self._dll, name)
        function.restype = result
        function.argtypes = arguments
        return function

    def __getattr__(self, name: str) -> Any:
        if name not in _FUNCTIONS:
            raise AttributeError(name)
        return getattr(self._dll, name)

    def operation(self, name: str) -> Any:
        """The C function of an operation, such as task_create."""
        function = self._operations.get(name)
        if function is None:
            function = self._declare("tasker_" + name, ctypes.c_int32, _OPERATION)
            self._operations[name] = function
        return function

    def take(self, buffer: Buffer) -> bytes:
        """The bytes of a filled buffer; releasing it stays with the caller."""
        return ctypes.string_at(buffer.data, buffer.len) if buffer.data else b""


_lock = threading.RLock()  # guards _loaded
_loaded: Library | None = None

# A fork waits for a load under way: the child would inherit the lock, and a
# loader that another thread was inside of. Reentrant, because a signal handler
# may fork.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def load() -> Library:
    """Loads the library at the first call and returns it. Any thread may call.

    Raises LibraryLoadError, which tells every place that was tried.
    """
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _open_library()
        return _loaded


def loaded() -> bool:
    """Whether the library is loaded in this process."""
    return _loaded is not None


def _file_name() -> str:
    return "libtasker_core.dylib" if sys.platform == "darwin" else "libtasker_core.so"


def candidates() -> Iterator[str]:
    """The places to look at, best first; the last is the loader's own path."""
    named = os.environ.get(VARIABLE)
    if named:
        # Whoever names a file means that file: no silent fall-back to another.
        yield named
        return
    here = Path(__file__).resolve().parent
    packaged = here / _file_name()
    if packaged.exists():
        yield str(packaged)
    for folder in here.parents:
        if (folder / "include" / "tasker_core.h").exists():
            built = folder / "build" / _file_name()
            if built.exists():
                yield str(built)
            break
    yield _file_name()


def _open_library() -> Library:
    tried = []
    for path in candidates():
        try:
            library = Library(path)
        except (OSError, AttributeError) as error:
            tried.append(f"{path}: {error}")
            continue
        version = library.tasker_abi_version()
        if version == ABI_VERSION:
            return library
        tried.append(f"{path}: its interface is version {version}, this package needs {ABI_VERSION}")
    raise LibraryLoadError(
        "the Tasker Core library could not be loaded:\n  " + "\n  ".join(tried),
        details={
            "tried": tried,
            "remedy": "Install a tasker_core package that was built for this platform (Linux with glibc), "
            f"or build the library (`make lib` in a checkout) and name the file in {VARIABLE}.",
        },
    )
