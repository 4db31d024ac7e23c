"""python -m tasker_core: what a person does to tasks."""

from __future__ import annotations

import json

import pytest
from support import start, template
from tasker_core import Engine, PermanentError, Worker, cli


@pytest.fixture
def failed(engine: Engine) -> int:
    """A task of two steps whose first has failed for good."""
    engine.template_register(template=template("line", {"first": [], "second": ["first"]}))
    task_id = start(engine, "line")
    worker = Worker(engine)

    @worker.handler(step="first")
    def fail(step: object) -> None:
        raise PermanentError("the shelf is empty")

    worker.run_until_idle()
    return task_id


def state(engine: Engine, task_id: int) -> str:
    return str(engine.task_get(task_id=task_id)["state"])


SIGNED = ["--by", "ann", "--reason", "the shelf was filled"]


def test_retry_sets_a_task_going_and_the_history_tells_who(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["retry", *SIGNED, str(failed), database]) == 0
    assert capsys.readouterr().out == f"task {failed}: error -> in_progress; 1 step will be tried again\n"
    assert cli.main(["retry", str(failed), database]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert cli.main(["show", str(failed), database]) == 0
    assert "step first -> pending by ann: the shelf was filled" in capsys.readouterr().out


def test_retry_of_a_step_that_is_named(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["retry", "--step", "first", *SIGNED, str(failed), database]) == 0
    assert capsys.readouterr().out == f"step first: error -> pending\ntask {failed} is in_progress\n"
    assert cli.main(["retry", "--step", "first", str(failed), database]) == 0
    assert "step first is pending already; nothing was changed" in capsys.readouterr().out
    assert cli.main(["retry", "--step", "third", str(failed), database]) == 1
    assert "it has first, second" in capsys.readouterr().err


def test_resolve_gives_results_to_the_steps_after(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["resolve", "--step", "first", "--results", '{"rows": 12}', *SIGNED, str(failed), database]
    assert cli.main(arguments) == 0
    assert (
        capsys.readouterr().out == f"step first: error -> resolved_manually\ntask {failed} is in_progress\n"
    )
    step = engine.task_get(task_id=failed, include=["steps"])["steps"][0]
    assert step["results"] == {"rows": 12}
    assert cli.main(["resolve", str(failed), database]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("tasker_core: conflict: ")


def test_resolve_ends_a_task(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["resolve", "--json", str(failed), database]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is True
    assert state(engine, failed) == "resolved_manually"


def test_cancel_takes_the_steps_along_unless_told(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["cancel", "--keep-steps", *SIGNED, str(failed), database]) == 0
    assert capsys.readouterr().out == f"task {failed} is cancelled; steps cancelled: 0\n"
    assert cli.main(["cancel", str(failed), database]) == 0
    assert capsys.readouterr().out == f"task {failed} is cancelled; steps cancelled: 2\n"


def test_cancel_of_single_steps(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["cancel", "--step", "first", "--step", "second", str(failed), database]) == 0
    assert "step second: pending -> cancelled" in capsys.readouterr().out
    assert state(engine, failed) == "error"


def test_annotate_keeps_text_and_objects(
    engine: Engine, database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["called the customer", '{"ticket": 7}', "7"]
    for remark in given:
        assert cli.main(["annotate", "--by", "ann", str(failed), "note", remark, database]) == 0
        assert capsys.readouterr().out.startswith(f"task {failed}: note ")
    assert cli.main(["show", "--json", str(failed), database]) == 0
    annotations = json.loads(capsys.readouterr().out)["annotations"]
    assert {note["type"] for note in annotations} == {"note"}
    assert [note["annotation"] for note in annotations] == [
        {"text": "called the customer", "by": "ann"},
        {"ticket": 7, "by": "ann"},
        {"text": "7", "by": "ann"},
    ]


def test_help_tells_what_each_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    for command, word in (
        ("retry", "--step"),
        ("resolve", "--results"),
        ("cancel", "--keep-steps"),
        ("annotate", "REMARK"),
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
        text = capsys.readouterr().out
        assert word in text
        assert "--by" in text


@pytest.mark.parametrize(
    "arguments", [["retry"], ["annotate", "7", "note"], ["resolve", "--results", "{", "7"]]
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_explain_tells_the_cause_and_what_helps(
    database: str, failed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["explain", "--step", "second", str(failed), database]) == 0
    text = capsys.readouterr().out
    assert "the shelf is empty" in text
    assert "holds up first → second" in text
    assert "do step_retry" in text
    assert "or step_resolve" in text
    assert cli.main(["explain", "--json", str(failed), database]) == 0
    assert json.loads(capsys.readouterr().out)["standing"] == "blocked"
    assert cli.main(["explain", "99", database]) == 1
    assert "there is no task 99" in capsys.readouterr().err
