'use strict';

// Nothing waits inside the library, so the host stays the master of its process.
// Every wait here would last ten minutes: a test that ends has shown that it was
// ended.

const assert = require('node:assert/strict');
const test = require('node:test');
const { Worker } = require('node:worker_threads');

const { CallCancelledError } = require('../../../bindings/node/src/index.js');
const { BINDING, PATIENCE, database, finish, opened, probe, program, start, template, worker } = require('./support.js');

const limit = { timeout: 2 * PATIENCE };
const WAIT = `
  Engine.open(file).then(async (engine) => {
    const { worker_id } = await engine.workerRegister({ handlers: [{ namespace: 'test' }] });
    setTimeout(() => say('waiting'), 200);
    await engine.stepClaim({ worker_id, wait_ms: 600_000 });
  });`;

test('Ctrl-C ends a process that waits', limit, async (t) => {
  const { child, line, end } = program(t, WAIT, database(t));
  assert.equal(await line(), 'waiting');
  child.kill('SIGINT');
  const { status, signal } = await end();
  assert.deepEqual([status, signal], [null, 'SIGINT']);
});

test("the host's handler of Ctrl-C runs while it waits, and can close", limit, async (t) => {
  const code = `let kept; process.once('SIGINT', () => { say('interrupted'); kept.close(); });
    ${WAIT.replace('async (engine) => {', 'async (engine) => { kept = engine;').replace('  });', "  }).catch((e) => say(e.name));")}`;
  const { child, line, end } = program(t, code, database(t));
  assert.equal(await line(), 'waiting');
  child.kill('SIGINT');
  assert.deepEqual(await end(), { out: 'interrupted\nClosedError\n', status: 0, signal: null });
});

test('interrupt ends waits, and later ones wait again', limit, async (t) => {
  const engine = await opened(t);
  const task_id = await start(engine);
  const wait = assert.rejects(engine.taskWait({ task_id, wait_ms: 600_000 }), CallCancelledError);
  const timer = setInterval(() => engine.interrupt(), 10);
  await wait;
  clearInterval(timer);
  assert.ok((await engine.taskWait({ task_id, wait_ms: 10 })).timed_out);
});

test('many waits and calls run side by side', limit, async (t) => {
  const engine = await opened(t);
  const task_id = await start(engine);
  const waits = Array.from({ length: 100 }, () => engine.taskWait({ task_id, wait_ms: 600_000 }));
  const texts = await Promise.all(Array.from({ length: 1000 }, (_, n) => probe(engine, { do: 'echo', text: `n${n}` })));
  texts.forEach(({ text }, n) => assert.equal(text, `n${n}`));
  await finish(engine);
  for (const { timed_out } of await Promise.all(waits)) assert.ok(!timed_out);
});

test('the event loop goes on during a call', limit, async (t) => {
  const engine = await opened(t);
  const order = [];
  const slow = probe(engine, { do: 'wait', wait_ms: 300 }).then(() => order.push('slow'));
  await new Promise((resolve) => setImmediate(resolve)).then(() => order.push('loop'));
  await probe(engine, { do: 'wait', wait_ms: 1 }).then(() => order.push('quick'));
  await slow;
  assert.deepEqual(order, ['loop', 'quick', 'slow']);
});

// A worker thread that opens an engine of its own, says so and waits.
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Engine } = require(workerData.binding);
  Engine.open(workerData.file).then(async (engine) => {
    const { worker_id } = await engine.workerRegister({ handlers: [{ namespace: 'test' }] });
    parentPort.postMessage(await engine.call('task_list').then((reply) => reply.items.length));
    while (workerData.wait) await engine.stepClaim({ worker_id, wait_ms: 600_000 });
    await engine.close();
  });`;

function thread(file, wait) {
  const one = new Worker(THREAD, { eval: true, workerData: { binding: BINDING, file, wait } });
  const said = new Promise((resolve, reject) => one.once('message', resolve).once('error', reject));
  return { one, said, ended: new Promise((resolve) => one.once('exit', resolve)) };
}

test('worker threads have engines of their own', limit, async (t) => {
  const file = database(t);
  const engine = await opened(t, file);
  await start(engine);
  const threads = Array.from({ length: 4 }, () => thread(file, false));
  assert.deepEqual(await Promise.all(threads.map(({ said }) => said)), [1, 1, 1, 1]);
  assert.deepEqual(await Promise.all(threads.map(({ ended }) => ended)), [0, 0, 0, 0]);
});

test('Worker.terminate ends a thread that waits, and the others go on', limit, async (t) => {
  const file = database(t);
  const engine = await opened(t, file);
  const mine = engine.stepClaim({ worker_id: await worker(engine), wait_ms: 600_000 });
  const threads = Array.from({ length: 4 }, () => thread(file, true));
  await Promise.all(threads.map(({ said }) => said));
  for (const { one } of threads) assert.equal(await one.terminate(), 1);
  assert.equal((await probe(engine, { do: 'echo', text: 'here' })).text, 'here');
  const ended = assert.rejects(mine, CallCancelledError);
  engine.interrupt();
  await ended;
});

// It stayed open until the process ended, and so did its leases.
test('Worker.terminate closes the engine of the thread', limit, async (t) => {
  const file = database(t);
  const engine = await opened(t, file);
  await engine.templateRegister({ template: template() });
  for (let number = 0; number < 4; number++) {
    await engine.taskCreate({ name: 'work', namespace: 'test', context: { number } });
    const { one, said } = thread(file, true);
    await said;
    while ((await engine.engineHealth()).leased_steps === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await one.terminate();
    assert.equal((await engine.engineHealth()).leased_steps, 0);
    await finish(engine);
  }
});
