'use strict';

// What the tests of the Node binding share. They run on the library of the tests
// (make lib/probe), which has one operation more: it does nothing, echoes or waits.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '../../..');
const BINDING = path.join(ROOT, 'bindings', 'node', 'src', 'index.js');
process.env.TASKER_CORE_LIBRARY ??= path.join(ROOT, 'build', 'probe', 'libtasker_core.so');
delete process.env.TASKER_DATABASE_URL;

const { Engine } = require(BINDING);

// Milliseconds after which a test that waits for something fails. It only bounds a
// hang, so it is far beyond what any machine needs.
const PATIENCE = 60_000;

const PROBE = 0x7000;

// A database path of the test's own.
function database(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tasker-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'test.sqlite3');
}

// An open engine. Without fsync: no test of ours pulls the plug.
async function opened(t, file = database(t)) {
  const engine = await Engine.open(file, { database: { synchronous: 'normal' } });
  t.after(() => engine.close());
  return engine;
}

function template(name = 'work', steps = { only: [] }) {
  const rows = Object.entries(steps).map(([title, parents]) => ({
    name: title,
    backoff: { strategy: 'none' },
    ...(parents.length > 0 && { depends_on_steps: parents }),
  }));
  return { name, namespace_name: 'test', version: '1.0.0', step_templates: rows };
}

// Creates a task of a template with one step, and answers its id.
async function start(engine, context = { number: 1 }) {
  await engine.templateRegister({ template: template() });
  return (await engine.taskCreate({ name: 'work', namespace: 'test', context })).task_id;
}

async function worker(engine) {
  return (await engine.workerRegister({ handlers: [{ namespace: 'test' }] })).worker_id;
}

// Runs the step of a task.
async function finish(engine) {
  const { steps } = await engine.stepClaim({ worker_id: await worker(engine) });
  const [{ step_id, epoch }] = steps;
  await engine.stepReport({ outcomes: [{ step_id, epoch, status: 'complete', results: {} }] });
}

// Calls the operation of the test library.
function probe(engine, request, kind = 'database') {
  return engine.perform('probe', { number: PROBE, kind }, request);
}

// A Node program beside the test, with the binding as Engine and the database's
// path as file. `line` reads its next line, `end` the rest and how it ended.
function program(t, code, file, flags = []) {
  const text = `'use strict'; const { Engine } = require(${JSON.stringify(BINDING)}); const file = process.argv[1];
    const say = (value) => require('node:fs').writeSync(1, value + '\\n'); ${code}`;
  const child = spawn(process.execPath, [...flags, '-e', text, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const killer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  t.after(() => child.kill('SIGKILL'));
  let out = '';
  let more = () => {};
  child.stdout.on('data', (data) => more((out += data)));
  child.stderr.on('data', (data) => more((out += data)));
  const ended = new Promise((resolve) => {
    child.on('close', (status, signal) => {
      clearTimeout(killer);
      resolve({ out, status, signal });
      more();
    });
  });
  const line = async () => {
    while (!out.includes('\n') && child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => { more = resolve; });
    }
    const [first] = out.split('\n', 1);
    out = out.slice(first.length + 1);
    return first;
  };
  return { child, line, end: () => ended };
}

module.exports = {
  BINDING, Engine, PATIENCE, PROBE, ROOT, database, finish, opened, probe, program, start, template, worker,
};
