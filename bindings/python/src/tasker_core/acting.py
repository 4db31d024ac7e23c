"""The commands with which a person acts on tasks: retry, resolve, cancel, annotate."""

from __future__ import annotations

import argparse
import getpass
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .client import Engine
from .errors import NotFoundError

AddCommand = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(add: AddCommand) -> None:
    """Adds the commands to a parser."""
    retry = add(
        "retry", _retry, "try the failed steps of a task again, at once and with all attempts before them"
    )
    _about(retry, "only this step; may be repeated")
    resolve = add(
        "resolve",
        _resolve,
        "end a task that is in error as done by hand, or steps so that those after them run",
    )
    _about(resolve, "not the task but this step; may be repeated")
    resolve.add_argument(
        "--results", type=_json, metavar="JSON", help="with --step: what the steps after it are given"
    )
    cancel = add("cancel", _cancel, "cancel a task with its unfinished steps, or single steps")
    _about(cancel, "not the task but this step; may be repeated")
    cancel.add_argument("--keep-steps", action="store_true", help="leave the steps of the task as they are")
    annotate = add("annotate", _annotate, "add a remark to a task; show --json has them all")
    annotate.add_argument("task", type=int, metavar="TASK", help="id of the task")
    annotate.add_argument("type", metavar="TYPE", help="name of the annotation's type, such as note")
    annotate.add_argument(
        "remark", metavar="REMARK", help='a JSON object, or any text, kept as {"text": ...}'
    )
    annotate.add_argument("url", nargs="?", metavar="URL", help="the database")
    annotate.add_argument("--by", default=_login(), metavar="NAME", help="who says so, default %(default)s")


def _about(command: argparse.ArgumentParser, step: str) -> None:
    """What all commands have that change tasks or steps."""
    command.add_argument("task", type=int, metavar="TASK", help="id of the task")
    command.add_argument("url", nargs="?", metavar="URL", help="the database")
    command.add_argument("--step", action="append", metavar="STEP", help=step)
    command.add_argument(
        "--by", default=_login(), metavar="NAME", help="who does it, default %(default)s; kept in the history"
    )
    command.add_argument("--reason", metavar="TEXT", help="why; kept in the history")


def _login() -> str | None:
    """The name of whoever sits at the terminal, if the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {error}") from None


def _person(options: argparse.Namespace) -> dict[str, Any]:
    return {"by": options.by, "reason": options.reason}


def step_ids(engine: Engine, task_id: int, names: Sequence[str]) -> list[int]:
    """The steps of a task that are named. NotFoundError with what there is."""
    steps = {
        step["name"]: int(step["step_id"])
        for step in engine.task_get(task_id=task_id, include=["steps"])["steps"]
    }
    for name in names:
        if name not in steps:
            raise NotFoundError(f"task {task_id} has no step {name}; it has {', '.join(steps)}")
    return [steps[name] for name in names]


def _tell_steps(reply: Mapping[str, Any]) -> None:
    for item in reply["items"]:
        line = f"step {item['name']}: {item['from_state']} -> {item['state']}"
        if not item["changed"]:
            line = f"step {item['name']} is {item['state']} already; nothing was changed"
        elif item["revoked"]:
            line += ", taken from its worker"
        print(line)
    last = reply["items"][-1]
    print(f"task {last['task_id']} is {last['task_state']}")


def _tell_task(reply: Mapping[str, Any], more: str = "") -> None:
    line = f"task {reply['task_id']}: {reply['from_state']} -> {reply['state']}"
    if not reply["changed"]:
        line = f"task {reply['task_id']} is {reply['state']}; nothing was changed"
    elif reply["from_state"] == reply["state"]:
        line = f"task {reply['task_id']} is {reply['state']}"
    print(line + more)


def _show(
    options: argparse.Namespace, reply: Mapping[str, Any], tell: Callable[[Mapping[str, Any]], None]
) -> int:
    if options.json:
        print(json.dumps(reply, indent=2, ensure_ascii=False))
    else:
        tell(reply)
    return 0


def _retry(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        if options.step:
            steps = step_ids(engine, options.task, options.step)
            return _show(options, engine.step_retry(step_ids=steps, **_person(options)), _tell_steps)
        reply = engine.task_retry(task_id=options.task, **_person(options))
    count = reply["retried_steps"]
    more = f"; {count} step{'' if count == 1 else 's'} will be tried again" if count else ""
    return _show(options, reply, lambda told: _tell_task(told, more))


def _resolve(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        if options.step:
            steps = step_ids(engine, options.task, options.step)
            reply = engine.step_resolve(step_ids=steps, results=options.results, **_person(options))
            return _show(options, reply, _tell_steps)
        return _show(options, engine.task_resolve(task_id=options.task, **_person(options)), _tell_task)


def _cancel(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        if options.step:
            steps = step_ids(engine, options.task, options.step)
            return _show(options, engine.step_cancel(step_ids=steps, **_person(options)), _tell_steps)
        cascade = False if options.keep_steps else None
        reply = engine.task_cancel(task_id=options.task, cascade=cascade, **_person(options))
    return _show(options, reply, _tell_cancelled)


def _tell_cancelled(reply: Mapping[str, Any]) -> None:
    line = f"task {reply['task_id']} is {reply['state']}; steps cancelled: {reply['cancelled_steps']}"
    if reply["revoked_leases"]:
        line += f", of these taken from a worker: {reply['revoked_leases']}"
    print(line)


def _annotate(options: argparse.Namespace) -> int:
    try:
        remark = json.loads(options.remark)
    except ValueError:
        remark = options.remark
    if not isinstance(remark, dict):
        remark = {"text": options.remark}
    with Engine.open(options.url, migrate="check") as engine:
        reply = engine.task_annotate(
            task_id=options.task, type=options.type, annotation=remark, by=options.by
        )
    return _show(
        options,
        reply,
        lambda told: print(f"task {told['task_id']}: {told['type']} {told['task_annotation_id']} added"),
    )
