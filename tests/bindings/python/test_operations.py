"""The generated operations against the library, the header and the class."""

from __future__ import annotations

import ctypes
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, template
from tasker_core import Engine, InvalidRequestError, _native
from tasker_core.operations import NUMBERS, Operations


def test_numbers_are_those_of_the_header() -> None:
    text = (ROOT / "include" / "tasker_core.h").read_text(encoding="utf-8")
    found = {
        name.lower(): int(number) for name, number in re.findall(r"\bTASKER_OP_(\w+)\s*=?\s*(\d+)", text)
    }
    assert found == NUMBERS


def test_every_operation_is_a_function_of_the_library() -> None:
    library = _native.load()
    for name in NUMBERS:
        assert library.operation(name)


def test_an_operation_that_the_library_lacks_would_be_seen() -> None:
    with pytest.raises(AttributeError):
        _native.load().operation("task_dance")


def test_every_operation_is_a_method_with_keywords_alone() -> None:
    for name in NUMBERS:
        parameters = list(inspect.signature(getattr(Operations, name)).parameters.values())
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters[1:]), name
        assert inspect.getdoc(getattr(Operations, name)), name


def test_declared_widths_are_those_of_the_header() -> None:
    assert ctypes.sizeof(_native.Buffer) == 16
    assert ctypes.sizeof(_native.Completion) == 32


def _acted(engine: Engine) -> dict[str, dict[str, Any]]:
    """What a person does, to a task of its own."""
    task = engine.task_create(name="story", namespace="test", context={"n": 3})["task_id"]
    steps = {s["name"]: s["step_id"] for s in engine.task_get(task_id=task, include=["steps"])["steps"]}
    who: dict[str, Any] = {"by": "ann", "reason": "to see"}
    first, second = steps["first"], steps["second"]
    return {
        "task_update": engine.task_update(task_id=task, priority=5, tags=["red"], by="ann"),
        "task_annotate": engine.task_annotate(task_id=task, type="note", annotation={"text": "x"}),
        "task_transition": engine.task_transition(task_id=task, to_state="in_progress", **who),
        "task_finalize": engine.task_finalize(task_id=task),
        "task_adopt": engine.task_adopt(task_id=task),
        "step_update": engine.step_update(step_id=first, retry_limit=9, **who),
        "step_transition": engine.step_transition(step_id=first, to_state="error", permanent=True, **who),
        "step_reset": engine.step_reset(step_id=first, **who),
        "task_retry": engine.task_retry(task_id=task, **who),
        "step_retry": engine.step_retry(step_id=first, **who),
        "step_resolve": engine.step_resolve(step_id=first, results=[1], **who),
        "step_cancel": engine.step_cancel(step_ids=[second], **who),
        "task_resolve": engine.task_resolve(task_id=task, **who),
    }


_CATALOGUE: dict[str, dict[str, Any]] = {
    "namespace": {"name": "shop"},
    "dependent_system": {"name": "billing"},
    "annotation_type": {"name": "review"},
    "named_step": {"name": "charge", "dependent_system": "billing"},
    "named_task": {"name": "order", "namespace": "shop"},
    "object_map": {
        "system_one": "billing",
        "remote_id_one": "c9",
        "system_two": "billing",
        "remote_id_two": "42",
    },
}


def _catalogued(engine: Engine) -> dict[str, dict[str, Any]]:
    """Create, update, get and list of every table of the catalogue."""
    seen: dict[str, dict[str, Any]] = {}
    for noun, fields in _CATALOGUE.items():
        change = {"remote_id_two": "43"} if noun == "object_map" else {"description": "what it is for"}
        created = getattr(engine, f"{noun}_create")(**fields)
        assert created["duplicate"] is False, noun
        assert getattr(engine, f"{noun}_create")(**fields)["duplicate"] is True, noun
        found = getattr(engine, f"{noun}_get")(id=created["id"])
        listed = getattr(engine, f"{noun}_list")(where=[{"field": "id", "value": created["id"]}])
        assert listed == {"items": [found], "next": None}
        seen |= {
            f"{noun}_create": created,
            f"{noun}_get": found,
            f"{noun}_list": listed,
            f"{noun}_update": getattr(engine, f"{noun}_update")(id=created["id"], **change),
        }
    return seen


def test_every_operation_is_reachable(engine: Engine, tmp_path: Path) -> None:
    """Each answers what its documentation says, in one small story."""
    engine.template_register(template=template("story", {"first": [], "second": ["first"]}))
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.yaml").write_text("name: loaded\nstep_templates:\n  - name: x\n")
    seen = {
        "engine_health": engine.engine_health(),
        "engine_config_get": engine.engine_config_get(),
        "engine_metrics": engine.engine_metrics(),
        "engine_logs_poll": engine.engine_logs_poll(limit=10),
        "schema_migrate": engine.schema_migrate(dry_run=True),
        "schema_status": engine.schema_status(),
        "template_register": engine.template_register(template=template("other")),
        "template_load": engine.template_load(directory=str(tmp_path / "templates")),
        "template_get": engine.template_get(namespace="test", name="story"),
        "template_list": engine.template_list(),
        "template_validate": engine.template_validate(template=template("story", {"a": [], "b": ["a"]})),
        "task_list": engine.task_list(),
        "worker_list": engine.worker_list(),
    }
    worker = engine.worker_register(handlers=[{"namespace": "test"}])
    created = engine.task_create(name="story", namespace="test", context={"n": 1})
    task_id = created["task_id"]
    many = engine.task_create_many(tasks=[{"name": "other", "namespace": "test", "context": {"n": 2}}])
    claimed = engine.step_claim(worker_id=worker["worker_id"], limit=10)
    leases = [{"step_id": step["step_id"], "epoch": step["epoch"]} for step in claimed["steps"]]
    first = next(step for step in claimed["steps"] if step["task_id"] == task_id)
    seen |= {
        "worker_register": worker,
        "task_create": created,
        "task_create_many": many,
        "task_get": engine.task_get(task_id=task_id, include=["steps", "edges", "transitions", "drawing"]),
        "task_context": engine.task_context(task_id=task_id),
        "task_context_many": engine.task_context_many(task_ids=[task_id]),
        "task_wait": engine.task_wait(task_id=task_id, wait_ms=0),
        "step_claim": claimed,
        "step_heartbeat": engine.step_heartbeat(worker_id=worker["worker_id"], steps=leases),
        "step_report": engine.step_report(
            outcomes=[
                {"step_id": first["step_id"], "epoch": first["epoch"], "status": "complete", "results": {}}
            ]
        ),
        "step_release": engine.step_release(
            steps=[lease for lease in leases if lease["epoch"] != first["epoch"]]
        ),
        "step_readiness": engine.step_readiness(task_id=task_id),
        "step_ready": engine.step_ready(task_id=task_id),
        "step_get": engine.step_get(step_id=first["step_id"]),
        "step_list": engine.step_list(task_id=task_id, where=[{"field": "parent_count", "value": 0}]),
        "transition_list": engine.transition_list(step_id=first["step_id"]),
        "task_cancel": engine.task_cancel(task_id=task_id),
        "worker_stop": engine.worker_stop(worker_id=worker["worker_id"]),
    }
    seen |= _acted(engine) | _catalogued(engine)
    seen |= {
        "task_explain": engine.task_explain(task_id=task_id),
        "task_graph": engine.task_graph(task_id=task_id),
        "step_list": engine.step_list(),
        "insight_analytics": engine.insight_analytics(),
        "insight_slowest_steps": engine.insight_slowest_steps(),
        "insight_slowest_tasks": engine.insight_slowest_tasks(),
        "insight_health_counts": engine.insight_health_counts(),
        "insight_bottlenecks": engine.insight_bottlenecks(),
    }
    # The clock has a test of its own, since it needs an engine with a frozen one.
    assert set(seen) | {"engine_clock_advance"} == set(NUMBERS)
    assert all(isinstance(reply, dict) and reply for reply in seen.values())
    assert [step["name"] for step in seen["task_get"]["steps"]] == ["first", "second"]
    assert "second" in seen["task_get"]["drawing"]
    assert seen["template_validate"]["levels"] == [["a"], ["b"]]
    assert seen["step_report"]["verdicts"][0]["verdict"] == "recorded"


def test_a_frozen_clock_is_advanced(database: str) -> None:
    with Engine.open(database, clock={"frozen_at": "2026-01-31T09:30:00Z"}) as engine:
        assert engine.engine_clock_advance(by_ms=90_000)["now"] == "2026-01-31T09:31:30.000000Z"


def test_a_wrong_type_is_refused_with_its_path(engine: Engine) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        engine.task_get(task_id="seven")  # type: ignore[arg-type]
    assert caught.value.path == "task_id"


def test_every_problem_of_a_template_comes_at_once(engine: Engine) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        engine.template_register(
            template="name: x\nstep_templates:\n  - nam: a\n  - name: b\n    depends_on_step: c\n"
        )
    text = str(caught.value)
    assert "line 3" in text
    assert "depends_on_step" in text
