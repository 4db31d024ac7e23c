'use strict';

// Lengths in bytes, in characters and in JavaScript's units are never taken for
// each other.

const assert = require('node:assert/strict');
const test = require('node:test');

const { LimitExceededError } = require('../../../bindings/node/src/index.js');
const { PATIENCE, opened, probe, start } = require('./support.js');

const CLEF = '𝄞'; // four bytes, one character, two units
const limit = { timeout: 2 * PATIENCE };

async function echoed(engine, text, kind) {
  const { text: back = '' } = await probe(engine, { do: 'echo', text, ...(kind === 'instant' && { instant: true }) }, kind);
  // Not assert.equal, which would print both texts.
  assert.ok(back === text, `${text.length} units came back as ${back.length}`);
}

for (const kind of ['database', 'instant']) {
  const way = kind === 'instant' ? 'named calls' : 'submitted requests';
  test(`${way} give back every length around powers of two`, limit, async (t) => {
    const engine = await opened(t);
    for (let power = 0; power <= 22; power++) {
      for (const more of [-1, 0, 1]) await echoed(engine, CLEF.repeat(2 ** power + more), kind);
    }
  });
}

test('requests of every length in bytes around powers of two', limit, async (t) => {
  const engine = await opened(t);
  for (let power = 0; power <= 22; power++) {
    for (let size = Math.max(0, 2 ** power - 3); size <= 2 ** power + 3; size++) {
      // One to four bytes at the end, so that a cut in a character would be seen.
      await echoed(engine, 'a'.repeat(size % 4) + CLEF.repeat(Math.floor(size / 4)), 'database');
    }
  }
});

test('many requests of different lengths at once keep their texts', limit, async (t) => {
  const engine = await opened(t);
  await Promise.all(Array.from({ length: 500 }, (_, n) => echoed(engine, CLEF.repeat(n * 37) + n, 'database')));
});

test('a context comes back as it went in', limit, async (t) => {
  const engine = await opened(t);
  const context = { text: CLEF.repeat(65_537), list: [0.1, 12_345_678_901_234, null, true, {}] };
  const { context: back } = await engine.taskGet({ task_id: await start(engine, context) });
  assert.deepEqual(back, context);
});

test('a request beyond the limit is refused', limit, async (t) => {
  const engine = await opened(t);
  await assert.rejects(probe(engine, { do: 'echo', text: 'x'.repeat(67_108_864) }), LimitExceededError);
});
