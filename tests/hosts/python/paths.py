"""Finds the binding and what the tests share, in a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bindings" / "python" / "src"), str(ROOT / "tests" / "ledger")]
