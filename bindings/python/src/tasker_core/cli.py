"""The command line: python -m tasker_core."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from . import acting, looking, table
from ._version import __version__
from .client import Engine
from .errors import TaskerError, describe_problem
from .report import INCLUDE, describe, explained

_DESCRIPTION = """\
Look after a Tasker Core database.

URL names it: a file, sqlite: and a file, or a PostgreSQL URL. Without it the
variable TASKER_DATABASE_URL is used, else the file tasker.sqlite3 here.
"""

_EPILOGUE = """\
exit codes:
  0    done
  1    refused or failed; the reason is on standard error
  2    the command line is wrong
  3    status: the schema is not at the newest version
  130  interrupted
"""

_FAILED, _STALE, _INTERRUPTED = 1, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A drawing with question marks is better than none, where the terminal is not UTF-8.
        sys.stdout.reconfigure(errors="replace")
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except TaskerError as error:
        print(f"tasker_core: {error.code}: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as head does. Python would complain again at exit.
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tasker_core",
        description=_DESCRIPTION,
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tasker_core {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(command=run)
        command.add_argument("--json", action="store_true", help="print the library's own answer")
        return command

    migrate = add("migrate", _migrate, "bring the schema to the newest version, or to another one")
    migrate.add_argument("--to", type=int, metavar="N", help="stop at this version (down: above it)")
    migrate.add_argument("--down", action="store_true", help="take migrations back, with their data")
    migrate.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    migrate.add_argument(
        "--indexes",
        choices=("minimal", "rails"),
        help="secondary indexes on PostgreSQL: those the engines need, or the full set of the Rails engine",
    )
    status = add("status", _status, "tell which migrations are applied")
    templates = add("templates", _templates, "check and register every template file of a directory")
    templates.add_argument("directory", metavar="DIR", help="directory of .yaml, .yml and .json files")
    templates.add_argument("--replace", action="store_true", help="change templates that are registered")
    templates.add_argument("--environment", metavar="NAME", help="environment to merge into each template")
    tasks = add("list", _list, "list tasks, newest first")
    tasks.add_argument("--state", action="append", metavar="STATE", help="only this state; may be repeated")
    tasks.add_argument("--namespace", help="only this namespace")
    tasks.add_argument("--name", help="only this task type")
    tasks.add_argument("--tag", help="only tasks with this tag")
    tasks.add_argument(
        "--where",
        action="append",
        nargs=3,
        metavar=("FIELD", "OP", "VALUE"),
        default=[],
        help="only tasks that meet this condition, for instance: --where priority gte 5, or --where "
        "context.order.id eq 42; VALUE is JSON, else text; may be repeated; task_list has the fields",
    )
    tasks.add_argument("--sort", metavar="KEY", help="sort by this key instead of the id")
    tasks.add_argument("--order", choices=("asc", "desc"), help="direction, default desc")
    tasks.add_argument("--after", metavar="CURSOR", help="go on after the page that told this cursor")
    tasks.add_argument("--limit", type=int, default=20, help="most tasks to list, default 20")
    show = add("show", _show, "draw a task: its DAG with states, its steps, its failures")
    show.add_argument("task", type=int, metavar="TASK", help="id of the task")
    explain = add("explain", _explain, "tell why a task is not moving, until when, and what helps")
    explain.add_argument("task", type=int, metavar="TASK", help="id of the task")
    explain.add_argument("--step", metavar="STEP", help="ask about this step of it")
    for command in (migrate, status, templates, tasks, show, explain):
        command.add_argument("url", nargs="?", metavar="URL", help="the database")
    acting.add_commands(add)
    looking.add_commands(add)
    return parser


def _print_json(reply: Any) -> None:
    print(json.dumps(reply, indent=2, ensure_ascii=False))


def _migrate(options: argparse.Namespace) -> int:
    direction = "down" if options.down else "up"
    with Engine.open(options.url, migrate="only") as engine:
        reply = engine.schema_migrate(
            direction=direction, to=options.to, indexes=options.indexes, dry_run=options.dry_run or None
        )
    if options.json:
        _print_json(reply)
        return 0
    for step in reply["steps"]:
        verb = "would go" if reply["dry_run"] else "went"
        print(f"{verb} {step['direction'] or direction}: {step['version']} {step['name']}")
    for verb, names in (("create", reply["indexes_created"]), ("drop", reply["indexes_dropped"])):
        if names:
            print(f"{'would ' if reply['dry_run'] else ''}{verb} {len(names)} indexes: {', '.join(names)}")
    if not (reply["steps"] or reply["indexes_created"] or reply["indexes_dropped"]):
        print("nothing to do")
    print(f"the schema is at version {reply['current']}")
    return 0


def _status(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="only") as engine:
        reply = engine.schema_status()
    if options.json:
        _print_json(reply)
    else:
        rows = [(m["version"], m["name"], m["applied_at"] or "pending") for m in reply["migrations"]]
        print(table.render(("version", "name", "applied"), rows, right=(0,)))
        print(f"\nversion {reply['current']} of {reply['newest']}: {reply['state']}")
        if reply["indexes"]:
            print(f"indexes of the shared tables: {reply['indexes']}")
    return 0 if reply["state"] == "current" else _STALE


def _templates(options: argparse.Namespace) -> int:
    with Engine.open(options.url) as engine:
        reply = engine.template_load(
            directory=options.directory,
            environment=options.environment,
            replace=options.replace or None,
        )
    failed = any(item["outcome"] == "failed" for item in reply["items"])
    if options.json:
        _print_json(reply)
        return _FAILED if failed else 0
    for item in reply["items"]:
        template = item.get("template")
        named = f"{template['namespace']}/{template['name']} {template['version']}" if template else "-"
        print(f"{item['outcome']:<9}  {item['file']}  {named}")
        if item["outcome"] == "failed":
            lines = [describe_problem(problem) for problem in item.get("problems") or ()]
            for line in lines or [item.get("message", "")]:
                print(f"  {item['file']}: {line}", file=sys.stderr)
    if not reply["items"]:
        print(f"no template files in {options.directory}", file=sys.stderr)
    return _FAILED if failed or not reply["items"] else 0


def _list(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        reply = engine.task_list(
            states=options.state,
            namespace=options.namespace,
            name=options.name,
            tag=options.tag,
            where=[_condition(*words) for words in options.where] or None,
            sort=options.sort,
            order=options.order,
            after=options.after,
            limit=options.limit,
        )
    if options.json:
        _print_json(reply)
        return 0
    rows = [
        (
            task["task_id"],
            f"{task['namespace']}/{task['name']}",
            task["version"],
            task["state"],
            task["created_at"],
        )
        for task in reply["items"]
    ]
    print(table.render(("task", "type", "version", "state", "created"), rows, right=(0,)))
    if reply["next"] is not None:
        print(f"\nthere are more: --after {reply['next']}")
    return 0


def _condition(field: str, operator: str, value: str) -> dict[str, Any]:
    """One condition as task_list takes it; what follows a dot in the field is a path."""
    name, *path = field.split(".")
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    condition = {"field": name, "op": operator, "value": parsed}
    return {**condition, "path": path} if path else condition


def _show(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        if options.json:
            _print_json(engine.task_get(task_id=options.task, include=[*INCLUDE, "edges", "annotations"]))
        else:
            print(describe(engine, options.task))
    return 0


def _explain(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        if options.step:
            reply = engine.task_explain(step_id=acting.step_ids(engine, options.task, [options.step])[0])
        else:
            reply = engine.task_explain(task_id=options.task)
    if options.json:
        _print_json(reply)
    else:
        print(explained(reply))
    return 0
