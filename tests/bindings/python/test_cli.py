"""python -m tasker_core."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import python, start, template
from tasker_core import Engine, PermanentError, Worker, cli
from tasker_core.operations import NUMBERS

TEMPLATE = """\
name: order
namespace_name: shop
version: 1.2.0
step_templates:
  - name: price
  - name: charge
    depends_on_step: price
"""


def test_help_tells_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("migrate", "status", "templates", "list", "show", "exit codes", "TASKER_DATABASE_URL"):
        assert word in text


@pytest.mark.parametrize("arguments", [[], ["dance"], ["show"], ["show", "x"], ["migrate", "--to", "x"]])
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_migrate_status_and_back(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", database]) == 3
    assert "unmigrated" in capsys.readouterr().out
    assert cli.main(["migrate", "--dry-run", database]) == 0
    assert "would go up: 1 " in capsys.readouterr().out
    assert cli.main(["status", database]) == 3
    capsys.readouterr()
    assert cli.main(["migrate", database]) == 0
    assert "went up: 1 " in capsys.readouterr().out
    assert cli.main(["migrate", database]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert cli.main(["status", database]) == 0
    assert "current" in capsys.readouterr().out
    assert cli.main(["migrate", "--down", database]) == 0
    assert "the schema is at version 0" in capsys.readouterr().out


def test_migrate_tells_of_the_set_of_indexes(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "--indexes", "minimal", database]) == 0
    assert cli.main(["status", database]) == 0
    assert "indexes of the shared tables: minimal" in capsys.readouterr().out
    assert cli.main(["migrate", "--indexes", "rails", database]) != 0
    assert "PostgreSQL" in capsys.readouterr().err


def test_migrate_stops_at_a_version(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "--to", "1", database]) == 0
    assert "the schema is at version 1" in capsys.readouterr().out


def test_templates_registers_good_files_and_names_every_problem(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "order.yaml").write_text(TEMPLATE)
    assert cli.main(["templates", str(folder), database]) == 0
    assert "created    order.yaml  shop/order 1.2.0" in capsys.readouterr().out
    (folder / "bad.yaml").write_text("name: bad\nstep_templates:\n  - nam: x\n")
    assert cli.main(["templates", str(folder), database]) == 1
    said = capsys.readouterr()
    assert "unchanged  order.yaml" in said.out
    assert "bad.yaml: line 3" in said.err
    (tmp_path / "empty").mkdir()
    assert cli.main(["templates", str(tmp_path / "empty"), database]) == 1


def test_list_and_show(engine: Engine, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    engine.template_register(template=template("line", {"first": [], "second": ["first"]}))
    task_id = start(engine, "line")
    worker = Worker(engine)

    @worker.handler(step="first")
    def fail(step: object) -> None:
        raise PermanentError("the shelf is empty")

    worker.run_until_idle()
    assert cli.main(["list", database]) == 0
    listed = capsys.readouterr().out
    assert "test/line" in listed
    assert "error" in listed
    assert cli.main(["list", "--state", "complete", database]) == 0
    assert "test/line" not in capsys.readouterr().out
    assert cli.main(["show", str(task_id), database]) == 0
    shown = capsys.readouterr().out
    drawing = engine.task_get(task_id=task_id, include=["drawing"])["drawing"]
    assert drawing.rstrip("\n") in shown
    assert "first failed: the shelf is empty" in shown
    assert "attempts" in shown


def test_list_takes_conditions_order_and_pages(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.template_register(template=template())
    found = engine.template_list()["items"][0]
    namespace, name = found["namespace"], found["name"]
    tasks = [
        engine.task_create(
            namespace=namespace, name=name, context={"order": {"id": number}, "by": "it's"}, priority=number
        )["task_id"]
        for number in range(3)
    ]

    def listed(*arguments: str) -> list[int]:
        assert cli.main(["list", "--json", *arguments, database]) == 0
        return [task["task_id"] for task in json.loads(capsys.readouterr().out)["items"]]

    assert listed("--where", "priority", "gte", "1") == [tasks[2], tasks[1]]
    assert listed("--where", "context.order.id", "eq", "1") == [tasks[1]]
    assert listed("--where", "context.by", "eq", "it's", "--sort", "priority", "--order", "asc") == tasks
    assert cli.main(["list", "--limit", "2", database]) == 0
    cursor = capsys.readouterr().out.split("--after ")[1].strip()
    assert listed("--limit", "2", "--after", cursor) == [tasks[0]]
    assert cli.main(["list", "--where", "colour", "eq", "red", database]) == 1
    assert "has no field" in capsys.readouterr().err


def test_json_is_the_library_s_own_answer(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    assert cli.main(["show", "--json", str(task_id), database]) == 0
    assert json.loads(capsys.readouterr().out)["task_id"] == task_id
    assert cli.main(["list", "--json", database]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["task_id"] == task_id
    assert cli.main(["status", "--json", database]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "current"


def test_what_is_missing_is_an_error_on_standard_error(
    engine: Engine, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["show", "99", database]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("tasker_core: not_found: ")


def test_looking_does_not_create_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["list"], ["show", "1"]):
        assert cli.main([*command, str(tmp_path / "none.sqlite3")]) == 1
        assert capsys.readouterr().err.startswith("tasker_core: ")


def test_it_runs_as_a_module(database: str) -> None:
    result = python("-m", "tasker_core", "status", "--json", database)
    assert result.returncode == 3, result.stderr
    assert json.loads(result.stdout)["current"] == 0
    assert "engine_health" in NUMBERS
