#!/usr/bin/env python3
"""How long Ctrl-C takes to end a wait, by host.

    tests/calls/interrupt.py [TRIES]

A program waits for work for ten minutes. It is sent SIGINT; its handler, or what
the interrupt raises, runs and it answers with a byte. The time from the signal
to the byte is told, so it includes the scheduling of two processes. Where the
design allows 200 ms, more is a failure.
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from calls import ENVIRONMENT, ROOT

LIMIT_MS = 200.0

PYTHON = """
import sys
from tasker_core import Engine
with Engine.open(sys.argv[1]) as engine:
    worker = engine.worker_register(handlers=[{"namespace": "test"}])["worker_id"]
    while True:
        try:
            print("w", flush=True)
            engine.step_claim(worker_id=worker, wait_ms=600_000)
        except KeyboardInterrupt:
            print("i", flush=True)
"""
RUBY = """
$stdout.sync = true
trap("INT", "DEFAULT")
TaskerCore::Engine.open(ARGV[0]) do |engine|
  worker = engine.worker_register(handlers: [{ namespace: "test" }])["worker_id"]
  loop do
    puts "w"
    engine.step_claim(worker_id: worker, wait_ms: 600_000)
  rescue Interrupt
    puts "i"
  end
end
"""
NODE = """
const { Engine } = require(process.env.BINDING);
process.on('SIGINT', () => { process.stdout.write('i\\nw\\n'); });
Engine.open(process.argv[1]).then(async (engine) => {
  const { worker_id } = await engine.workerRegister({ handlers: [{ namespace: 'test' }] });
  const wait = engine.stepClaim({ worker_id, wait_ms: 600_000 });
  process.stdout.write('w\\n');
  await wait;
});
"""

HOSTS = {
    "Python": [sys.executable, "-c", PYTHON],
    "Ruby": ["ruby", "-I", str(ROOT / "bindings" / "ruby" / "lib"), "-r", "tasker_core", "-e", RUBY],
    "Node": ["node", "-e", NODE],
}


def heed_interrupt() -> None:
    """Undoes that a run in the background ignores SIGINT, which programs inherit."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def times_ms(command: list[str], tries: int) -> list[float]:
    """Interrupts the waits of one program and returns what each took."""
    environment = ENVIRONMENT | {"BINDING": str(ROOT / "bindings" / "node" / "src" / "index.js")}
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        whole = [*command, str(Path(folder) / "interrupt.sqlite3")]
        process = subprocess.Popen(
            whole,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupt,  # noqa: PLW1509 - this program has one thread
        )
        assert process.stdout is not None
        try:
            for _ in range(tries):
                assert process.stdout.readline() == "w\n"
                time.sleep(0.1)  # until it waits
                sent = time.perf_counter()
                process.send_signal(signal.SIGINT)
                assert process.stdout.readline() == "i\n"
                taken.append((time.perf_counter() - sent) * 1000)
        finally:
            process.kill()
            process.wait()
    return taken


def main() -> int:
    """Measures every host."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    slow = False
    for name, command in HOSTS.items():
        taken = times_ms(command, tries)
        print(
            f"{name}: {tries} interrupts, p50 {statistics.median(taken):.1f} ms, longest {max(taken):.1f} ms"
        )
        slow = slow or max(taken) > LIMIT_MS
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
