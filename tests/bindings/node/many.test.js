'use strict';

// Many calls in one native call.

const assert = require('node:assert/strict');
const test = require('node:test');

const { PATIENCE, PROBE, opened, start } = require('./support.js');
const errors = require('../../../bindings/node/src/index.js');
const native = require('../../../bindings/node/src/native.js');

const limit = { timeout: 2 * PATIENCE };
const direct = { number: PROBE, kind: 'database' };

// How many requests go in each native call of an engine, as it is made.
function counted(t) {
  const library = native.load();
  const submit = library.submit_many;
  const sizes = [];
  library.submit_many = (...parameters) => {
    sizes.push(parameters[2]);
    return submit(...parameters);
  };
  t.after(() => {
    library.submit_many = submit;
  });
  return sizes;
}

test('calls of one turn go together and keep their order', limit, async (t) => {
  const engine = await opened(t);
  const sizes = counted(t);
  const texts = Array.from({ length: 100 }, (_, n) => `ä${n}`);
  const replies = await Promise.all(texts.map((text) => engine.perform('', direct, { do: 'echo', text })));
  assert.deepEqual(replies.map(({ text }) => text), texts);
  assert.deepEqual(sizes, [100]);
  await engine.engineHealth();
  assert.deepEqual(sizes, [100, 1]);
  await Promise.all(texts.map(async () => {
    await engine.engineHealth();
    await engine.engineHealth();
  }));
  assert.equal(sizes.reduce((a, b) => a + b), 301);
});

test('more than fit in one native call go in several', limit, async (t) => {
  const engine = await opened(t);
  const sizes = counted(t);
  await Promise.all(Array.from({ length: 600 }, () => engine.perform('', direct, {})));
  assert.deepEqual(sizes, [256, 256, 88]);
});

test('requests that are longer than the memory for them come whole', limit, async (t) => {
  const engine = await opened(t);
  const texts = Array.from({ length: 40 }, (_, n) => String.fromCodePoint(0x1d11e).repeat(n * 500));
  const replies = await Promise.all(texts.map((text) => engine.perform('', direct, { do: 'echo', text })));
  for (const [n, reply] of replies.entries()) assert.equal(reply.text ?? '', texts[n]);
});

test('of a refused batch each call gets an answer of its own', limit, async (t) => {
  const engine = await opened(t);
  const sizes = counted(t);
  const numbers = [PROBE, 9999, PROBE];
  const calls = numbers.map((number) => engine.perform('', { number, kind: 'database' }, {}));
  const settled = await Promise.allSettled(calls);
  assert.deepEqual(settled.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled']);
  assert.ok(settled[1].reason instanceof errors.InvalidRequestError);
  assert.deepEqual(sizes, [3, 1, 1, 1]);
});

test('what fails in a batch fails alone', limit, async (t) => {
  const engine = await opened(t);
  const task_id = await start(engine);
  const settled = await Promise.allSettled([engine.taskGet({ task_id: 999 }), engine.taskGet({ task_id })]);
  assert.ok(settled[0].reason instanceof errors.NotFoundError);
  assert.equal(settled[1].value.task_id, task_id);
});

test('calls of the turn in which the engine is closed end', limit, async (t) => {
  const engine = await opened(t);
  const calls = Array.from({ length: 10 }, () => engine.engineHealth());
  const settled = Promise.allSettled(calls);
  await engine.close();
  for (const { status, reason } of await settled) {
    assert.ok(status === 'fulfilled' || reason instanceof errors.ClosedError);
  }
  await assert.rejects(engine.engineHealth(), errors.ClosedError);
});
