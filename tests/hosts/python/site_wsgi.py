"""An application whose engines are opened at import: with --preload in the master."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import paths  # noqa: F401 - before what it finds
from work import open_stores, work_everywhere

STORES = open_stores()
work_everywhere(STORES)


def application(_environment: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Works on both stores and tells who did it."""
    body = json.dumps({"pid": os.getpid(), "steps": [store.work() for store in STORES]}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
