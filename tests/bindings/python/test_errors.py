"""Error classes: one for each code, and they tell what can be done."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest
import tasker_core
from support import ROOT
from tasker_core import (
    InternalError,
    InvalidRequestError,
    NotFoundError,
    TaskerError,
    UnavailableError,
    errors,
)
from tasker_core.operations import ERRORS


def core_kinds() -> list[str]:
    """The kinds of core/fault in the order of the header's status codes."""
    text = (ROOT / "core" / "fault" / "fault.go").read_text(encoding="utf-8")
    codes = dict(re.findall(r"(\w+)\s+Kind = \"(\w+)\"", text))
    listed = re.search(r"var Kinds = \[\]Kind\{(.*?)\}", text, re.DOTALL)
    assert listed is not None
    return [codes[name.strip()] for name in listed.group(1).split(",") if name.strip()]


def header_codes() -> list[str]:
    """The codes of the header in the order of their numbers."""
    text = (ROOT / "include" / "tasker_core.h").read_text(encoding="utf-8")
    found = {int(number): name.lower() for name, number in re.findall(r"#define TASKER_E_(\w+) (\d+)", text)}
    return [found[number] for number in sorted(found)]


def test_every_code_has_one_class_and_every_class_one_code() -> None:
    ours = [kind.code for kind in errors.ErrorClasses.IN_ORDER]
    assert ours == core_kinds() == header_codes()
    assert len(set(errors.ErrorClasses.IN_ORDER)) == len(ours)
    assert {code: kind.__name__ for code, kind in errors.ErrorClasses.BY_CODE.items()} == ERRORS


def test_the_comparison_would_see_a_missing_class() -> None:
    codes = [kind.code for kind in errors.ErrorClasses.IN_ORDER]
    assert codes[:-1] != core_kinds()


def test_every_error_class_is_exported() -> None:
    kinds = [
        value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, TaskerError)
    ]
    assert {kind.__name__ for kind in kinds} <= set(tasker_core.__all__)


def test_a_reply_becomes_the_class_of_its_code() -> None:
    error = errors.from_reply(
        2,
        {
            "error": {
                "code": "not_found",
                "message": "there is no task 7",
                "details": {"path": "task_id", "remedy": "List the tasks.", "task_id": 7},
                "retryable": False,
            }
        },
    )
    assert type(error) is NotFoundError
    assert (error.code, error.path, error.remedy) == ("not_found", "task_id", "List the tasks.")
    assert error.details["task_id"] == 7
    assert str(error) == "there is no task 7 (at task_id)\nList the tasks."


def test_a_status_without_a_reply_is_told_by_its_class() -> None:
    error = errors.from_reply(8, None)
    assert type(error) is UnavailableError
    assert "database" in error.message


def test_an_unknown_status_is_internal() -> None:
    assert type(errors.from_reply(99, None)) is InternalError
    assert (
        type(errors.from_reply(99, {"error": {"code": "from_the_future", "message": "?"}})) is InternalError
    )


def test_every_problem_is_in_the_text() -> None:
    problems = [
        {
            "path": "step_templates[0].nam",
            "line": 4,
            "column": 5,
            "message": "unknown key",
            "suggestion": "name?",
        },
        {"message": "a step needs a name"},
    ]
    error = InvalidRequestError("2 problems", details={"problems": problems})
    assert "line 4:5 step_templates[0].nam: unknown key; name?" in str(error)
    assert "a step needs a name" in str(error)


@pytest.mark.parametrize("kind", errors.ErrorClasses.IN_ORDER)
def test_errors_survive_pickling(kind: type[TaskerError]) -> None:
    error = kind("text", details={"path": "a.b"}, retryable=True)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.path, again.retryable, again.code) == ("text", "a.b", True, kind.code)
