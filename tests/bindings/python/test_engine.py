"""Opening, calling and closing an engine."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from pathlib import Path

import pytest
from support import start, states, template, until
from tasker_core import (
    CallCancelledError,
    ClosedError,
    Engine,
    InvalidRequestError,
    NotFoundError,
    TaskerError,
)


def test_an_engine_opens_a_new_database_and_tells_where(database: str) -> None:
    with Engine.open(database) as engine:
        assert engine.opened["location"].endswith("test.sqlite3")
        assert engine.engine_health()["status"] == "ok"
    assert Path(database).exists()


def test_without_a_name_the_file_is_in_the_working_directory(tmp_path: Path) -> None:
    with Engine.open():
        assert (tmp_path / "tasker.sqlite3").exists()


def test_the_environment_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Set after this process started: the library must see it all the same.
    monkeypatch.setenv("TASKER_DATABASE_URL", f"sqlite:{tmp_path}/elsewhere.sqlite3")
    with Engine.open():
        assert (tmp_path / "elsewhere.sqlite3").exists()


def test_a_path_object_names_the_database(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "path.sqlite3"):
        assert (tmp_path / "path.sqlite3").exists()


def test_closing_twice_does_no_harm(database: str) -> None:
    engine = Engine.open(database)
    engine.close()
    engine.close()
    assert engine.closed
    assert "closed" in repr(engine)


def test_a_closed_engine_answers_closed(database: str) -> None:
    with Engine.open(database) as engine:
        pass
    for call in (engine.engine_health, engine.wake_fd, engine.interrupt, engine.rearm):
        with pytest.raises(ClosedError) as caught:
            call()
        assert caught.value.code == "closed"
        assert caught.value.message


def test_the_block_closes_the_engine_also_after_an_exception(database: str) -> None:
    with pytest.raises(RuntimeError, match="ours"), Engine.open(database) as engine:
        raise RuntimeError("ours")
    assert engine.closed


def test_a_collected_engine_is_closed(database: str) -> None:
    engine = Engine.open(database)
    handle = engine._handle
    library = engine._library
    gone = weakref.ref(engine)
    del engine
    gc.collect()
    assert gone() is None
    assert library.tasker_interrupt(handle) == 12  # TASKER_E_CLOSED


def test_two_engines_share_one_database(database: str) -> None:
    with Engine.open(database) as first, Engine.open(database) as second:
        first.template_register(template=template())
        task_id = start(second)
        assert first.task_get(task_id=task_id)["state"] == "pending"


def test_a_file_that_cannot_be_made_is_refused_with_path_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(TaskerError) as caught:
        Engine.open(tmp_path / "nowhere" / "deep" / "x.sqlite3")
    assert "nowhere" in str(caught.value)
    assert caught.value.code in ("not_found", "unavailable", "permission", "invalid_request")


def test_an_unknown_setting_is_refused_by_name(database: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        Engine.open(database, worker={"lease_second": 3})
    assert "worker.lease_second" in str(caught.value)
    assert any(problem["path"] == "worker.lease_second" for problem in caught.value.problems)


def test_unicode_goes_through_unharmed(engine: Engine) -> None:
    engine.template_register(template=template())
    context = {"text": 'żółć 日本語 🜁 \u2028 \x7f "quoted" \\ \n', "Ключ": [1.5, None, True, "é"]}
    task_id = start(engine, context=context, reason="größer", tags=["ä"])
    task = engine.task_get(task_id=task_id)
    assert task["context"] == context
    assert task["reason"] == "größer"
    assert task["tags"] == ["ä"]


def test_a_large_context_goes_through_unharmed(engine: Engine) -> None:
    engine.template_register(template=template())
    context = {"rows": [{"id": number, "text": "x" * 90} for number in range(10_000)]}
    task_id = start(engine, context=context)
    assert engine.task_get(task_id=task_id)["context"] == context


def test_a_request_that_is_too_long_is_refused_unread(engine: Engine) -> None:
    with pytest.raises(TaskerError) as caught:
        engine.template_validate(template="#" * (65 << 20))
    assert caught.value.code == "limit_exceeded"


def test_many_threads_use_one_engine(engine: Engine) -> None:
    engine.template_register(template=template())
    found: list[int] = []
    failed: list[TaskerError] = []

    def create() -> None:
        try:
            for _ in range(25):
                found.append(start(engine))
                engine.task_context(task_id=found[-1])
        except TaskerError as error:
            failed.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(set(found)) == 200


def test_other_threads_run_while_one_waits(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    waiting = threading.Thread(target=engine.task_wait, kwargs={"task_id": task_id, "wait_ms": 60_000})
    waiting.start()
    engine.task_cancel(task_id=task_id)
    waiting.join(30)
    assert not waiting.is_alive()


def test_interrupt_ends_the_waits_of_other_threads(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            engine.task_wait(task_id=task_id, wait_ms=60_000)
        except TaskerError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()

    def interrupted() -> bool:
        engine.interrupt()
        return not thread.is_alive()

    until(interrupted)
    assert [type(error) for error in caught] == [CallCancelledError]


def test_a_wait_on_the_main_thread_ends_with_what_is_true(engine: Engine) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    reply = engine.task_wait(task_id=task_id, wait_ms=250)
    assert reply["timed_out"] is True
    assert reply["status"] == "pending"
    engine.task_cancel(task_id=task_id)
    assert engine.task_wait(task_id=task_id)["timed_out"] is False
    assert states(engine, task_id) == {"only": "cancelled"}


def test_a_wait_out_of_range_is_refused_by_the_library(engine: Engine) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        engine.task_wait(task_id=1, wait_ms=600_001)
    assert "wait_ms" in str(caught.value)


def test_what_is_missing_is_named(engine: Engine) -> None:
    with pytest.raises(NotFoundError) as caught:
        engine.task_get(task_id=4_711)
    assert "4711" in str(caught.value)
    assert caught.value.retryable is False


def test_buffers_are_given_back(engine: Engine) -> None:
    # Ten thousand replies of 4 KB would be 40 MB; the bound only tells a leak from none.
    engine.template_register(template=template())
    task_id = start(engine, context={"text": "x" * 4_000})
    for _ in range(500):
        engine.task_get(task_id=task_id)
    before = _resident()
    for _ in range(10_000):
        engine.task_get(task_id=task_id)
    assert _resident() - before < 20 << 20


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
