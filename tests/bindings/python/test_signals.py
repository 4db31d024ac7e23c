"""Ctrl-C and SIGTERM: the worker ends in good order, in a process of its own."""

from __future__ import annotations

import signal
import subprocess

import pytest
from support import PATIENCE, program, start, states, template
from tasker_core import Engine, Worker

# Prints "busy" when a handler runs and "done" after run returned; ends by itself.
WORKER = """
import logging, sys, time
from tasker_core import Engine, Worker
logging.basicConfig(level=logging.INFO)
database, seconds, grace = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
with Engine.open(database) as engine:
    worker = Worker(engine, grace=grace)

    @worker.handler(step="only")
    def handle(step):
        print("busy", flush=True)
        time.sleep(seconds)

    if seconds == 0:
        print("idle", flush=True)
    worker.run()
print("done", flush=True)
"""


def said(process: subprocess.Popen[str], word: str) -> None:
    """Reads a line of the program."""
    assert process.stdout is not None
    assert process.stdout.readline() == f"{word}\n"


def registered(engine: Engine) -> bool:
    return bool(engine.worker_list()["items"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_idle_worker_ends_and_signs_off(engine: Engine, database: str, number: signal.Signals) -> None:
    with program(WORKER, database, "0", "30") as process:
        said(process, "idle")
        while not registered(engine):
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert out == "done\n", err
    assert process.returncode == 0
    assert not registered(engine)


def test_a_busy_worker_finishes_its_handler(engine: Engine, database: str) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    with program(WORKER, database, "0.5", "30") as process:
        said(process, "busy")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert out == "done\n", err
    assert states(engine, task_id) == {"only": "complete"}


def test_a_second_signal_gives_the_steps_back_at_once(engine: Engine, database: str) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    with program(WORKER, database, "600", "600") as process:
        said(process, "busy")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "may finish" not in (line := process.stderr.readline()):
            assert line, "the worker did not announce its stop"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert "KeyboardInterrupt" in err
    assert process.returncode != 0
    step = engine.task_get(task_id=task_id, include=["steps"])["steps"][0]
    assert (step["state"], step["attempts"]) == ("pending", 0)
    assert engine.engine_health()["leased_steps"] == 0


def test_ctrl_c_ends_a_wait_of_the_main_thread(engine: Engine, database: str) -> None:
    engine.template_register(template=template())
    task_id = start(engine)
    code = """
import sys
from tasker_core import Engine
with Engine.open(sys.argv[1]) as engine:
    try:
        print("waiting", flush=True)
        engine.task_wait(task_id=int(sys.argv[2]), wait_ms=600_000)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
    with program(code, database, str(task_id)) as process:
        said(process, "waiting")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert out == "interrupted\n", err


def test_a_killed_worker_loses_its_steps_to_another(database: str) -> None:
    settings = {"lease_seconds": 1, "heartbeat_seconds": 0.2, "sweep_seconds": 0.2}
    with Engine.open(database, worker=settings) as engine:
        engine.template_register(template=template())
        task_id = start(engine)
        with program(WORKER, database, "600", "600") as process:
            said(process, "busy")
            process.kill()
            process.wait(PATIENCE)
            worker = Worker(engine)
            worker.handlers.add(lambda step: {"attempt": step.attempt}, step="only")
            worker.run(until=lambda: states(engine, task_id) == {"only": "complete"})
        step = engine.task_get(task_id=task_id, include=["steps"])["steps"][0]
        assert step["results"] == {"attempt": 1}  # the lost attempt is not counted


def test_a_worker_is_woken_by_another_process(engine: Engine, database: str) -> None:
    # Without its own look now and then, only the wake-up can make it claim.
    never = WORKER.replace(
        "worker.run()", "import tasker_core.worker as w; w._LOOK_SECONDS = 3600.0; worker.run()"
    )
    engine.template_register(template=template())
    with program(never, database, "0", "30") as process:
        said(process, "idle")
        while not registered(engine):
            assert process.poll() is None
        start(engine)
        said(process, "busy")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert out == "done\n", err


def test_handlers_of_signals_are_restored(engine: Engine) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    worker = Worker(engine)
    worker.handlers.add(lambda step: None, step="only")
    inside = []

    def look() -> bool:
        inside.append(signal.getsignal(signal.SIGINT))
        return True

    worker.run(until=look)
    assert inside[0] is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
