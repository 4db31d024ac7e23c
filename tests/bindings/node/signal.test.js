'use strict';

// Signals belong to the host.

const assert = require('node:assert/strict');
const test = require('node:test');

const { PATIENCE, opened, probe } = require('./support.js');

const NAMES = ['SIGUSR2', 'SIGHUP', 'SIGCHLD', 'SIGWINCH', 'SIGTERM'];
const ROUNDS = 10_000;

// Each signal is sent when the one before was handled, so that none may get lost.
test('ten thousand signals during traffic reach the handlers of the host', { timeout: 2 * PATIENCE }, async (t) => {
  const engine = await opened(t);
  let handled = 0;
  let done;
  const all = new Promise((resolve) => { done = resolve; });
  const send = () => process.kill(process.pid, NAMES[handled % NAMES.length]);
  const handler = (name) => {
    assert.equal(name, NAMES[handled % NAMES.length]);
    handled += 1;
    if (handled === ROUNDS) done();
    else send();
  };
  for (const name of NAMES) process.on(name, handler);
  send();
  let calls = 0;
  const traffic = async () => {
    while (handled < ROUNDS) {
      assert.equal((await probe(engine, { do: 'echo', text: `t${calls}` })).text.slice(0, 1), 't');
      calls += 1;
    }
  };
  await Promise.all([all, traffic(), traffic(), traffic()]);
  assert.equal(handled, ROUNDS);
  assert.ok(calls > 100, `${calls} calls`);
  for (const name of NAMES) {
    assert.deepEqual(process.listeners(name), [handler]);
    process.removeListener(name, handler);
  }
});
