"""The commands that look: the graph of a task, and figures about all of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import table
from .client import Engine

AddCommand = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]

_STATES = ("pending", "in_progress", "complete", "error", "cancelled", "resolved_manually", "unknown")
_PERIODS = (("last_hour", "hour"), ("last_4_hours", "4 hours"), ("last_24_hours", "24 hours"))


def add_commands(add: AddCommand) -> None:
    """Adds the commands to a parser."""
    graph = add("graph", _graph, "tell what follows from the DAG of a task: paths, failures, bottlenecks")
    graph.add_argument("task", type=int, metavar="TASK", help="id of the task")
    form = graph.add_mutually_exclusive_group()
    form.add_argument("--mermaid", action="store_true", help="print the DAG as a Mermaid flowchart instead")
    form.add_argument("--dot", action="store_true", help="print the DAG in Graphviz DOT instead")
    insight = add("insight", _insight, "tell how all tasks fare: rates, durations, what is slow, what blocks")
    insight.add_argument(
        "--hours", type=int, default=24, metavar="N", help="look at the last N hours, default 24"
    )
    insight.add_argument("--namespace", help="what is slow and what blocks: only this namespace")
    insight.add_argument("--name", help="what is slow and what blocks: only this task type")
    for command in (graph, insight):
        command.add_argument("url", nargs="?", metavar="URL", help="the database")


def _graph(options: argparse.Namespace) -> int:
    drawing = "mermaid" if options.mermaid else "dot" if options.dot else "text"
    with Engine.open(options.url, migrate="check") as engine:
        reply = engine.task_graph(task_id=options.task, include=[drawing])
    if options.json:
        print(json.dumps(reply, indent=2, ensure_ascii=False))
    elif drawing == "text":
        print(graph_text(reply))
    else:
        print(reply.get(drawing, "").rstrip("\n"))
    return 0


def graph_text(graph: Mapping[str, Any]) -> str:
    """The answer of task_graph with its text drawing, for people."""
    summary, parallelism = graph["summary"], graph["parallelism_opportunities"]
    head = (
        f"task {graph['task_id']}  {summary['total_steps']} steps on {summary['dependency_levels']} levels, "
        f"{summary['total_dependencies']} dependencies, longest path {summary['longest_path_length']}, "
        f"{summary['overall_health']}"
    )
    return _parts(
        head,
        graph.get("text", "").rstrip("\n"),
        _section(
            f"levels ({parallelism['parallelism_efficiency']} % with several ready steps)",
            ("level", "steps", "ready", "blocked", "error", "done"),
            [
                [
                    level[key]
                    for key in (
                        "level",
                        "total_steps",
                        "ready_steps",
                        "blocked_steps",
                        "error_steps",
                        "completed_steps",
                    )
                ]
                for level in parallelism["levels"]
            ],
            right=range(6),
        ),
        _section(
            f"critical paths (of {graph['critical_paths']['total_paths']})",
            ("score", "done", "steps"),
            [
                (
                    path["criticality_score"],
                    f"{path['completion_percentage']} %",
                    " → ".join(path["step_names"]),
                )
                for path in graph["critical_paths"]["paths"]
            ],
            right=(0, 1),
        ),
        _section(
            "failures",
            ("step", "attempts", "below", "blocked", "impact", "what to do"),
            [
                (
                    chain["error_step_name"],
                    f"{chain['error_attempts']}/{chain['retry_limit']}",
                    chain["total_downstream_steps"],
                    chain["blocked_downstream_steps"],
                    chain["total_impact"],
                    chain["recovery_strategies"][0]["strategy"],
                )
                for chain in graph["error_chains"]["error_chains"][:10]
            ],
            right=(1, 2, 3, 4),
        ),
        _section(
            f"bottlenecks (impact on the task: {graph['bottlenecks']['overall_impact']})",
            ("step", "state", "score", "severity", "type", "what to do", "takes"),
            [
                (
                    one["step_name"],
                    one["current_state"],
                    one["impact_score"],
                    one["severity"],
                    one["bottleneck_type"],
                    one["resolution_strategy"],
                    one["estimated_resolution_time"],
                )
                for one in graph["bottlenecks"]["bottlenecks"]
            ],
            right=(2,),
        ),
        "\n".join(summary["recommendations"]),
    )


def _insight(options: argparse.Namespace) -> int:
    with Engine.open(options.url, migrate="check") as engine:
        answers = {
            "analytics": engine.insight_analytics(),
            "health_counts": engine.insight_health_counts(),
            "bottlenecks": engine.insight_bottlenecks(
                period_hours=options.hours, namespace=options.namespace, name=options.name
            ),
        }
    if options.json:
        print(json.dumps(answers, indent=2, ensure_ascii=False))
    else:
        print(insight_text(answers["analytics"], answers["health_counts"], answers["bottlenecks"]))
    return 0


def insight_text(
    analytics: Mapping[str, Any], health: Mapping[str, Any], bottlenecks: Mapping[str, Any]
) -> str:
    """The answers of insight_analytics, insight_health_counts and insight_bottlenecks, for people."""
    trends = [(text, analytics["performance_trends"][key]) for key, text in _PERIODS]
    head = (
        f"{analytics['active_tasks_count']} active tasks, "
        f"{analytics['unique_task_types_count']} task types in "
        f"{analytics['total_namespaces_count']} namespaces, health {analytics['system_health_score']:.3f}"
    )
    return _parts(
        head,
        table.render(
            ("last", "tasks", "complete", "error", "task takes", "step takes"),
            [
                (
                    text,
                    period["task_throughput"],
                    f"{period['completion_rate']} %",
                    f"{period['error_rate']} %",
                    table.duration(period["avg_task_duration"] or None),
                    table.duration(period["avg_step_duration"] or None),
                )
                for text, period in trends
            ],
            right=(1, 2, 3, 4, 5),
        ),
        table.render(
            ("state", "tasks", "steps"),
            [
                *((state, health[f"{state}_tasks"], health[f"{state}_steps"]) for state in _STATES),
                ("all", health["total_tasks"], health["total_steps"]),
            ],
            right=(1, 2),
        ),
        _failed(health),
        *_slow(bottlenecks["bottleneck_analysis"], bottlenecks["analysis_period_hours"]),
        "\n".join(bottlenecks["recommendations"]),
    )


def _failed(health: Mapping[str, Any]) -> str:
    """What is left to the steps in error."""
    again, spent = health["retryable_error_steps"], health["exhausted_retry_steps"]
    return (
        f"failed steps: {again} to be tried again, {health['in_backoff_steps']} of them waiting, "
        f"{spent} without an attempt left, {health['error_steps'] - again - spent} not retryable"
    )


def _slow(analysis: Mapping[str, Any], hours: int) -> Iterable[str]:
    """What is slow and what blocks."""
    yield _section(
        f"slowest tasks of the last {hours} hours",
        ("task", "type", "took", "steps"),
        [
            (
                one["task_id"],
                f"{one['namespace_name']}/{one['task_name']} {one['version']}",
                table.duration(one["duration_seconds"]),
                one["step_count"],
            )
            for one in analysis["slowest_tasks"]
        ],
        right=(0, 2, 3),
    )
    yield _section(
        "slowest steps",
        ("task", "step", "took", "attempts"),
        [
            (one["task_id"], one["step_name"], table.duration(one["duration_seconds"]), one["attempts"] or 0)
            for one in analysis["slowest_steps"]
        ],
        right=(0, 2, 3),
    )
    yield _section(
        "most waited for",
        ("step", "type", "waiting"),
        [
            (one["step_name"], f"{one['namespace_name']}/{one['task_name']}", one["blocked_steps"])
            for one in analysis["dependency_bottlenecks"]["most_blocked_steps"]
        ],
        right=(2,),
    )
    yield _section(
        "most frequent errors",
        ("class", "times"),
        [(one["error_class"], one["count"]) for one in analysis["error_patterns"]["common_error_types"]],
        right=(1,),
    )


def _section(
    title: str, head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Iterable[int]
) -> str:
    """A titled table, nothing without rows."""
    return f"{title}\n{table.render(head, rows, right=right)}" if rows else ""


def _parts(*parts: str) -> str:
    """The parts that say something, a line apart."""
    return "\n\n".join(part for part in parts if part)
