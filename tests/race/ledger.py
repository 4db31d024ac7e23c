"""What workers write down about every handler they run, and what must be true of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One run of one handler. Times are nanoseconds of the machine's monotonic clock."""

    step_id: int
    task_id: int
    epoch: int
    attempt: int
    name: str
    worker: str
    started: int
    ended: int

    def line(self) -> str:
        return "\t".join(map(str, vars(self).values())) + "\n"

    @classmethod
    def read(cls, line: str) -> Entry:
        step, task, epoch, attempt, name, worker, started, ended = line.rstrip("\n").split("\t")
        return cls(int(step), int(task), int(epoch), int(attempt), name, worker, int(started), int(ended))


def entries(files: Iterable[Path]) -> list[Entry]:
    """All lines of the ledgers of all processes."""
    return [Entry.read(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def problems(found: Iterable[Entry], parents: Mapping[int, Iterable[int]]) -> list[str]:
    """What is wrong with the ledger, given every step with its parents; nothing, if every
    step ran once, at its first attempt, under an epoch of its own, after its parents."""
    runs = list(found)
    times = Counter(entry.step_id for entry in runs)
    wrong = [f"step {step} ran {count} times" for step, count in sorted(times.items()) if count != 1]
    wrong += [f"step {step} did not run" for step in sorted(set(parents) - set(times))]
    wrong += [f"step {step} is none of the tasks'" for step in sorted(set(times) - set(parents))]
    epochs = Counter(entry.epoch for entry in runs)
    wrong += [
        f"epoch {epoch} was given out {count} times" for epoch, count in sorted(epochs.items()) if count > 1
    ]
    wrong += [f"step {entry.step_id} was at attempt {entry.attempt}" for entry in runs if entry.attempt != 1]
    ended = {entry.step_id: entry.ended for entry in runs}
    for entry in runs:
        early = [p for p in parents.get(entry.step_id, ()) if ended.get(p, 0) > entry.started]
        wrong += [f"step {entry.step_id} started before its parent {parent} ended" for parent in early]
    return wrong


def summary(found: Iterable[Entry]) -> str:
    """How many steps each worker ran."""
    counts = Counter(entry.worker for entry in found)
    return "\n".join(f"  {worker:<12}{count:>6} steps" for worker, count in sorted(counts.items()))
