'use strict';

// Opening, calling, failing, closing.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const test = require('node:test');

const { Engine, PATIENCE, database, opened, program, start, template, worker } = require('./support.js');
const errors = require('../../../bindings/node/src/index.js');

const limit = { timeout: 2 * PATIENCE };

test('a task goes through create, claim and report', limit, async (t) => {
  const engine = await opened(t);
  const steps = { price: [], pay: ['price'], ship: ['pay'], tell: ['pay'] };
  await engine.templateRegister({ template: template('order', steps) });
  const create = (n) => engine.taskCreate({ name: 'order', namespace: 'test', context: { order_id: n } });
  const tasks = await Promise.all(Array.from({ length: 20 }, (_, n) => create(n)));
  const worker_id = await worker(engine);
  const done = [];
  for (;;) {
    const claimed = (await engine.stepClaim({ worker_id, limit: 10 })).steps;
    if (claimed.length === 0) break;
    done.push(...claimed.map((step) => `${step.task_id} ${step.name}`));
    const outcomes = claimed.map(({ step_id, epoch, context }) => ({
      step_id, epoch, status: 'complete', results: { n: context.order_id },
    }));
    const { verdicts } = await engine.stepReport({ outcomes });
    assert.ok(verdicts.every((verdict) => verdict.verdict === 'recorded'));
  }
  assert.equal(done.length, 80);
  assert.equal(new Set(done).size, 80);
  for (const [n, { task_id }] of tasks.entries()) {
    const found = await engine.taskGet({ task_id, include: ['steps'] });
    assert.equal(found.state, 'complete');
    for (const step of found.steps) assert.deepEqual(step.results, { n });
  }
});

test('what was opened is told', limit, async (t) => {
  const file = database(t);
  const engine = await opened(t, file);
  assert.equal(engine.opened.store, 'sqlite');
  assert.equal(engine.opened.location, file);
});

test('an error has its class, code, details and remedy', limit, async (t) => {
  const engine = await opened(t);
  await assert.rejects(engine.taskGet({ task_id: 999 }), (error) => {
    assert.ok(error instanceof errors.NotFoundError && error instanceof errors.TaskerError);
    assert.deepEqual([error.name, error.code, error.path], ['NotFoundError', 'not_found', 'task_id']);
    assert.deepEqual([error.details.task_id, error.retryable], [999, false]);
    assert.match(error.remedy, /task_list/);
    return true;
  });
});

test('every problem of a template comes at once', limit, async (t) => {
  const engine = await opened(t);
  const bad = 'name: x\nstep_templates:\n  - nam: a\n  - name: b\n    depends_on_step: c\n';
  await assert.rejects(engine.templateRegister({ template: bad }), (error) => error.problems.length >= 2);
});

test('what is not JSON is refused before the boundary', limit, async (t) => {
  const engine = await opened(t);
  await assert.rejects(engine.taskGet({ task_id: 7n }), errors.InvalidRequestError);
  await assert.rejects(engine.call('task_dance'), errors.InvalidRequestError);
  await assert.rejects(engine.call('constructor'), errors.InvalidRequestError);
});

test('a refused open leaves nothing', limit, async (t) => {
  const file = database(t);
  await assert.rejects(Engine.open(file, { nonsense: 1 }), { name: 'InvalidRequestError', path: 'nonsense' });
  assert.ok(!fs.existsSync(file));
});

test('text keeps its characters', limit, async (t) => {
  const engine = await opened(t);
  const text = 'grüße 𝄞 \u0001 " \\ \u2028';
  const task_id = await start(engine, { text });
  assert.equal((await engine.taskGet({ task_id })).context.text, text);
});

test('a lone surrogate is refused', limit, async (t) => {
  const engine = await opened(t);
  await assert.rejects(start(engine, { text: '\ud800' }), errors.InvalidRequestError);
});

test('a closed engine says so', limit, async (t) => {
  const engine = await opened(t);
  await Promise.all([engine.close(), engine.close()]);
  assert.ok(engine.closed);
  await assert.rejects(engine.engineHealth(), errors.ClosedError);
  await assert.rejects(engine.engineConfigGet(), errors.ClosedError);
  await assert.rejects(engine.taskWait({ task_id: 1 }), errors.ClosedError);
  assert.throws(() => engine.interrupt(), errors.ClosedError);
});

test('calls under way end when the engine is closed', limit, async (t) => {
  const engine = await opened(t);
  const wait = engine.taskWait({ task_id: await start(engine), wait_ms: 600_000 });
  await Promise.all([engine.close(), assert.rejects(wait, errors.ClosedError)]);
});

test('an engine that nobody holds is closed', limit, async (t) => {
  const { end } = program(t, `
    const fs = require('node:fs');
    const held = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
      try { return fs.readlinkSync('/proc/self/fd/' + fd).includes(file); } catch { return false; }
    }).length;
    const leaveBehind = async () => { await (await Engine.open(file)).schemaStatus(); };
    (async () => {
      for (let i = 0; i < 10; i++) await leaveBehind();
      const before = held();
      for (let i = 0; i < 1000 && held() >= before / 2; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      say(before >= 10 && held() < before / 2);
    })();`, database(t), ['--expose-gc']);
  assert.equal((await end()).out, 'true\n');
});

test('the end of the process gives steps back, and needs no close', limit, async (t) => {
  const file = database(t);
  const engine = await opened(t, file);
  await start(engine);
  const { end } = program(t, `
    Engine.open(file).then(async (engine) => {
      const { worker_id } = await engine.workerRegister({ handlers: [{ namespace: 'test' }] });
      say((await engine.stepClaim({ worker_id })).steps.length);
    });`, file);
  assert.deepEqual(await end(), { out: '1\n', status: 0, signal: null });
  assert.equal((await engine.engineHealth()).leased_steps, 0);
});

test('an awaited call keeps the process alive', limit, async (t) => {
  const { end } = program(t, `
    Engine.open(file).then(async (engine) => {
      const { number, kind } = { number: 0x7000, kind: 'database' };
      await engine.perform('probe', { number, kind }, { do: 'wait', wait_ms: 300 });
      say('answered');
    });`, database(t));
  assert.deepEqual(await end(), { out: 'answered\n', status: 0, signal: null });
});

test('the module can be imported, with everything that can be required', limit, async () => {
  const imported = await import('../../../bindings/node/src/index.js');
  assert.deepEqual(Object.keys(imported).filter((name) => name in errors).sort(), Object.keys(errors).sort());
  assert.deepEqual(Object.keys({ ...require('../../../bindings/node/src/errors.js'), Engine, OPERATIONS: {} }).sort(), Object.keys(errors).sort());
  assert.equal(imported.Engine, Engine);
});
