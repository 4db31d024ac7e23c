"""A task as text: what `show` prints, and what programs print about their tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from . import table
from .client import Engine
from .wire import instant

# Everything that `steps_table` and `describe` read.
INCLUDE = ["steps", "transitions", "drawing"]


def describe(engine: Engine, task_id: int) -> str:
    """The task, its DAG with states, and a table of its steps. NotFoundError without such a task."""
    task = engine.task_get(task_id=task_id, include=INCLUDE)
    context = engine.task_context(task_id=task_id)
    done, total = context["completed_steps"], context["total_steps"]
    facts = [
        f"task {task_id}  {task['namespace']}/{task['name']} {task['version']}  {task['state']}",
        f"created {task['created_at']}, in this state since {task['state_since']}",
        f"{done} of {total} steps done, {context['health_status']}",
    ]
    if task["state"] in ("pending", "in_progress"):
        facts[-1] += f", next: {context['recommended_action'] or 'nothing'}"
    if context["next_wake_at"]:
        facts.append(f"goes on at {context['next_wake_at']}")
    parts = ["\n".join(facts), task["drawing"].rstrip("\n"), steps_table(task)]
    parts += ["\n".join(_failures(task)), "\n".join(_acts(task))]
    return "\n\n".join(part for part in parts if part)


def explained(reply: Mapping[str, Any]) -> str:
    """The answer of task_explain: the summary, each cause with its chain, and what helps."""
    lines = [reply["summary"]]
    for cause in reply["causes"]:
        lines.append(f"- {cause['message']}")
        if len(cause["chain"]) > 1:
            lines.append("  holds up " + " → ".join(link["name"] for link in cause["chain"]))
    if left := reply["causes_total"] - len(reply["causes"]):
        lines.append(f"- and {left} more")
    if reply["next_wake_at"]:
        lines.append(f"goes on by itself at {reply['next_wake_at']}")
    advice = [reply["action"], *reply["alternatives"]] if reply["action"] else []
    for word, item in zip(["do", *["or"] * len(advice)], advice, strict=False):
        request = json.dumps(item["request"], ensure_ascii=False)
        lines.append(f"{word} {item['operation']} {request}: {item['effect']}")
    return "\n".join(lines)


def steps_table(task: Mapping[str, Any]) -> str:
    """The steps of a task that was read with steps and transitions: attempts, time spent, state."""
    spent = durations(task["transitions"])
    rows = [
        (
            step["name"],
            step["state"],
            f"{step['attempts']}/{step['retry_limit']}",
            table.duration(spent.get(step["step_id"])),
            ", ".join(step.get("depends_on", ())) or "-",
        )
        for step in task["steps"]
    ]
    return table.render(("step", "state", "attempts", "time", "after"), rows, right=(2, 3))


def durations(transitions: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """Seconds that each step spent in progress, all attempts together, by step id."""
    started: dict[int, datetime] = {}
    spent: dict[int, float] = {}
    for row in sorted(transitions, key=lambda row: int(row["id"])):
        step_id, at = row.get("step_id"), instant(row["created_at"])
        if not step_id or at is None:
            continue
        if row["to_state"] == "in_progress":
            started[step_id] = at
        elif step_id in started:
            seconds = (at - started.pop(step_id)).total_seconds()
            spent[step_id] = spent.get(step_id, 0.0) + seconds
    return spent


def _failures(task: Mapping[str, Any]) -> Iterable[str]:
    """One line per failed attempt, oldest first."""
    names = {step["step_id"]: step["name"] for step in task["steps"]}
    for row in task["transitions"]:
        metadata = row["metadata"] or {}
        # error is what other writers of the shared tables leave.
        message = metadata.get("error_message") or metadata.get("error")
        if row["to_state"] == "error" and row.get("step_id") and message:
            yield f"{row['created_at']}  {names.get(row['step_id'], row['step_id'])} failed: {message}"


def _acts(task: Mapping[str, Any]) -> Iterable[str]:
    """One line per change that a person made, oldest first."""
    names = {step["step_id"]: f"step {step['name']}" for step in task["steps"]}
    for row in task["transitions"]:
        metadata = row["metadata"] or {}
        by, reason = metadata.get("by"), metadata.get("reason")
        if by or reason:
            what = names.get(row.get("step_id"), "task")
            yield f"{row['created_at']}  {what} -> {row['to_state']} by {by or 'somebody'}" + (
                f": {reason}" if reason else ""
            )
