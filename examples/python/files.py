"""Reading the data set, and handing larger data from one step to the next.

A step's results go through the database, so they stay small: a data set is
written to a file, and the results name the file with its digest. Writing is
atomic and the name depends on the task, so an attempt that is repeated replaces
what the one before left.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from tasker_core import PermanentError, Step

Row = dict[str, Any]


def read(step: Step, table: str) -> Iterator[dict[str, str]]:
    """The rows of one CSV file of the data set."""
    path = Path(step.context["data_directory"]) / f"{table}.csv"
    if not path.exists():
        raise PermanentError(f"there is no {path.name} in the data set", code="no_data")
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def work(step: Step, *names: str) -> Path:
    """A place for what the step writes."""
    return Path(step.context["work_directory"]).joinpath(*names)


def write(path: Path, text: str) -> dict[str, Any]:
    """Writes a file as a whole and says what was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(data)
    unfinished.replace(path)
    return {"file": str(path), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def stage(step: Step, rows: Iterable[Row]) -> dict[str, Any]:
    """Writes a data set for the steps that follow, one JSON object a line."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path = work(step, "staged", f"task-{step.task_id}", f"{step.name}.jsonl")
    return {"rows": len(lines), **write(path, "".join(lines))}


def staged(step: Step, parent: str) -> list[Row]:
    """Reads what a parent staged, and makes sure that it is that."""
    results = step.results(parent)
    data = Path(results["file"]).read_bytes()
    if hashlib.sha256(data).hexdigest() != results["sha256"]:
        raise PermanentError(f"{results['file']} is not what {parent} wrote", code="changed_data")
    return [json.loads(line) for line in data.splitlines()]


def cents(amount: Decimal) -> int:
    """Whole cents, half a cent up."""
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def euros(amount: int) -> str:
    """Cents as text, such as 12,345.60."""
    return f"{amount / 100:,.2f}"


def percent(part: int, whole: int) -> str:
    """A share as text with one decimal, in whole numbers so that it is the same everywhere."""
    thousandths = (part * 2000 + whole) // (2 * whole) if whole else 0
    return f"{thousandths // 10}.{thousandths % 10} %"
