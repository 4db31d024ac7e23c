"""python -m tasker_core graph and insight."""

from __future__ import annotations

import json

import pytest
from support import start, template
from tasker_core import Engine, PermanentError, Worker, cli

DIAMOND: dict[str, list[str]] = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


def failed_diamond(engine: Engine) -> int:
    """A diamond of which b failed for good."""
    engine.template_register(template=template("diamond", DIAMOND))
    task_id = start(engine, "diamond")
    worker = Worker(engine)

    @worker.handler(step="a")
    @worker.handler(step="c")
    def succeed(step: object) -> None:
        return None

    @worker.handler(step="b")
    def fail(step: object) -> None:
        raise PermanentError("the shelf is empty")

    worker.run_until_idle()
    return task_id


def test_graph_draws_and_tells_what_holds_the_task_up(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    task_id = failed_diamond(engine)
    assert cli.main(["graph", str(task_id), database]) == 0
    shown = capsys.readouterr().out
    for words in (
        "4 steps on 3 levels, 4 dependencies, longest path 3",
        engine.task_graph(task_id=task_id, include=["text"])["text"].rstrip("\n"),
        "a → b → d",
        "critical paths (of 2)",
        "Investigate Root Cause",
        "Permanent Failure",
        "b failed and holds back 1 step:",
    ):
        assert words in shown


def test_graph_prints_mermaid_and_dot_alone(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    task_id = failed_diamond(engine)
    assert cli.main(["graph", "--mermaid", str(task_id), database]) == 0
    assert capsys.readouterr().out.startswith("flowchart TD\n")
    assert cli.main(["graph", "--dot", str(task_id), database]) == 0
    assert capsys.readouterr().out.startswith("digraph ")
    with pytest.raises(SystemExit):
        cli.main(["graph", "--dot", "--mermaid", str(task_id), database])


def test_insight_tells_how_all_tasks_fare(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failed_diamond(engine)
    assert cli.main(["insight", database]) == 0
    shown = capsys.readouterr().out
    for words in (
        "0 active tasks, 1 task types in 1 namespaces, health 0.000",
        "24 hours",
        "100 %",
        "test/diamond",
        "slowest steps",
        "most waited for",
        "PermanentError",
    ):
        assert words in shown
    assert cli.main(["insight", "--namespace", "nobody", database]) == 0
    assert "slowest" not in capsys.readouterr().out
    assert cli.main(["insight", "--hours", "0", database]) == 0
    assert cli.main(["insight", "--hours", "-1", database]) == 1
    assert "period_hours" in capsys.readouterr().err


def test_an_empty_database_is_told_in_zeros(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["insight", database]) == 0
    shown = capsys.readouterr().out
    assert "0 active tasks" in shown
    assert "health 1.000" in shown
    for word in ("None", "nan", "null"):
        assert word not in shown


def test_json_is_the_library_s_own_answer(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    task_id = failed_diamond(engine)
    assert cli.main(["graph", "--json", str(task_id), database]) == 0
    assert json.loads(capsys.readouterr().out)["task_id"] == task_id
    assert cli.main(["insight", "--json", database]) == 0
    answers = json.loads(capsys.readouterr().out)
    assert answers["health_counts"]["total_tasks"] == 1
    assert answers["analytics"]["error_count"] == 1
    assert answers["bottlenecks"]["scope_summary"]["total_tasks"] == 1


def test_a_task_that_does_not_exist_is_an_error_on_standard_error(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["graph", "99", database]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("tasker_core: not_found: ")
