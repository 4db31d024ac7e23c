#!/usr/bin/env python3
"""Takes a quarter of a shop's data through two workflows.

    make demo                                    embedded database under build/demo
    make demo DATABASE_URL=other.sqlite3         any other database
    python3 examples/python/demo.py --help

The customer analytics pipeline (eight steps) and the order flow (five steps, for
twelve orders) run side by side in one worker. Two handlers fail once on
purpose and are retried. It ends with status 0 only if every task is complete and
the report is, byte for byte, the one whose digest is committed.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import logging
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python" / "src"))

import analytics
import orders
from files import euros, write
from progress import Progress
from tasker_core import Engine, TaskerError, Worker, table
from tasker_core.report import durations, steps_table

DATA = ROOT / "examples" / "data"
TEMPLATES = ROOT / "examples" / "templates"
DIGEST = DATA / "report.sha256"
INTERRUPTED = 130  # what a shell answers after Ctrl-C
ORDERS = [f"O{number:05d}" for number in range(240, 3_000, 240)]


def create_tasks(engine: Engine, work: Path) -> tuple[int, list[int]]:
    """Creates the pipeline and one order flow per order; returns their ids."""
    places = {"data_directory": str(DATA), "work_directory": str(work)}
    period = {"since": "2026-01-01", "until": "2026-03-31"}
    pipeline = engine.task_create(
        name="customer_analytics",
        namespace="analytics",
        context={**places, **period},
        initiator="demo",
        reason="quarterly report",
        tags=["demo"],
    )
    flows = engine.task_create_many(
        tasks=[
            {
                "name": "order_flow",
                "namespace": "shop",
                "context": {"order_id": order_id, **places},
                "initiator": "demo",
                "tags": ["demo"],
            }
            for order_id in ORDERS
        ]
    )
    return pipeline["task_id"], [item["task_id"] for item in flows["items"]]


def run(engine: Engine, task_ids: list[int]) -> bool:
    """Works until all tasks have ended; False when Ctrl-C came first."""
    worker = Worker(engine, concurrency=8, name="demo")
    worker.handlers.include(analytics.handlers)
    worker.handlers.include(orders.handlers)
    return worker.run(until=Progress(engine, task_ids).over)


def orders_section(flows: list[dict[str, Any]]) -> str:
    """The part of the report about the order flows."""
    rows = []
    for flow in flows:
        results = {step["name"]: step["results"] for step in flow["steps"]}
        order = results["create_order"]
        rows.append((order["order_id"], order["pieces"], euros(order["cents"]), order["authorisation"]))
    return "## Orders handled\n\n" + table.render(
        ("order", "pieces", "EUR", "authorisation"), rows, right={1, 2}
    )


def flows_table(flows: list[dict[str, Any]]) -> str:
    """The order flows step by step, all of them together."""
    attempts: dict[str, int] = defaultdict(int)
    spent: dict[str, float] = defaultdict(float)
    states: dict[str, set[str]] = defaultdict(set)
    for flow in flows:
        seconds = durations(flow["transitions"])
        for step in flow["steps"]:
            attempts[step["name"]] += step["attempts"]
            spent[step["name"]] += seconds.get(step["step_id"], 0.0)
            states[step["name"]].add(step["state"])
    rows = [
        (name, ", ".join(sorted(states[name])), attempts[name], table.duration(spent[name] / len(flows)))
        for name in attempts
    ]
    return table.render(("step", "state", "attempts", "time, mean"), rows, right=(2, 3))


def judge(tasks: list[dict[str, Any]], report: str, *, update: bool) -> int:
    """Says whether the run is as it must be; returns the exit status."""
    incomplete = [task for task in tasks if task["state"] != "complete"]
    for task in incomplete:
        print(f"task {task['task_id']} ({task['name']}) is {task['state']}", file=sys.stderr)
    digest = hashlib.sha256(report.encode()).hexdigest()
    if update and not incomplete:
        DIGEST.write_text(f"{digest}  report.md\n", encoding="utf-8")
        print(f"wrote {DIGEST.relative_to(ROOT)}")
    wanted = DIGEST.read_text(encoding="utf-8").split()[0] if DIGEST.exists() else "none"
    if digest != wanted:
        print(f"the report's digest is {digest}; committed is {wanted}", file=sys.stderr)
    if incomplete or digest != wanted:
        return 1
    print(f"all {len(tasks)} tasks are complete, and the report is the committed one ({digest[:12]})")
    return 0


def demo(options: argparse.Namespace, work: Path) -> int:
    """The whole run on an open engine."""
    database = options.database or str(work / "demo.sqlite3")
    with Engine.open(database, migrate="auto") as engine:
        print(f"database  {engine.opened.get('location', database)}")
        for item in engine.template_load(directory=str(TEMPLATES))["items"]:
            print(f"template  {item['file']}: {item['outcome']}")
            if item["outcome"] == "failed":
                print(item.get("message"), item.get("problems"), file=sys.stderr)
                return 1
        pipeline_id, flow_ids = create_tasks(engine, work)
        print(f"tasks     {1 + len(flow_ids)}: one pipeline, {len(flow_ids)} orders\n")
        if not run(engine, [pipeline_id, *flow_ids]):
            print("\nstopped; the tasks are still in the database", file=sys.stderr)
            return INTERRUPTED
        include = ["steps", "transitions", "drawing"]
        pipeline, *flows = (
            engine.task_get(task_id=task_id, include=include) for task_id in [pipeline_id, *flow_ids]
        )
        text = show(pipeline, flows, work)
        return judge([pipeline, *flows], text, update=options.update_digest)


def show(pipeline: dict[str, Any], flows: list[dict[str, Any]], work: Path) -> str:
    """Prints what happened, and the report; returns the report."""
    print(f"\ncustomer_analytics, task {pipeline['task_id']}: {pipeline['state']}\n")
    print(pipeline["drawing"])
    print(steps_table(pipeline))
    print(f"\norder_flow, {len(flows)} tasks; the first, task {flows[0]['task_id']}: {flows[0]['state']}\n")
    print(flows[0]["drawing"])
    print(flows_table(flows))
    complete = all(task["state"] == "complete" for task in (pipeline, *flows))
    text = (work / "dashboard.md").read_text(encoding="utf-8") if complete else ""
    if complete:
        text += "\n" + orders_section(flows) + "\n"
        place = write(work / "report.md", text)["file"]
        print(f"\n{text}\n{place}")
    return text


def main() -> int:
    """Reads the arguments, prepares a clean place and runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--database", metavar="URL", help="database to use; default: a new file under build/demo"
    )
    parser.add_argument("--update-digest", action="store_true", help="accept the report as the right one")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "demo", metavar="DIR", help="where to write"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        return demo(options, work)
    except TaskerError as error:
        print(f"demo: {error.code}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
