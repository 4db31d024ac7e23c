'use strict';

// Where the library is found, and that the tables are the library's.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { Engine, PATIENCE, ROOT, database, program } = require('./support.js');
const errors = require('../../../bindings/node/src/errors.js');
const native = require('../../../bindings/node/src/native.js');
const { ERRORS, OPERATIONS } = require('../../../bindings/node/src/operations.js');

const HEADER = fs.readFileSync(path.join(ROOT, 'include', 'tasker_core.h'), 'utf8');
const limit = { timeout: 2 * PATIENCE };

test('the table is that of the header', () => {
  const found = [...HEADER.matchAll(/^#define TASKER_OP_(\w+) (\d+)$/gm)].map(([, name, n]) => [name.toLowerCase(), Number(n)]);
  assert.deepEqual(Object.entries(OPERATIONS).map(([name, { number }]) => [name, number]), found);
  assert.ok(found.length > 70);
});

test('errors stand in the order of the header', () => {
  const found = [...HEADER.matchAll(/^#define TASKER_E_(\w+) (\d+)$/gm)].map(([, name, n]) => [name.toLowerCase(), Number(n)]);
  assert.deepEqual(Object.keys(ERRORS).map((code, index) => [code, index + 1]), found);
  for (const [code, name] of Object.entries(ERRORS)) {
    assert.deepEqual([errors[name].code, errors[name].name], [code, name]);
  }
});

test('every operation is a function of the library and a method', () => {
  const library = native.load();
  for (const name of Object.keys(OPERATIONS)) {
    assert.ok(library.operation(name));
    const method = name.split('_').map((word, i) => (i === 0 ? word : word[0].toUpperCase() + word.slice(1))).join('');
    assert.equal(typeof Engine.prototype[method], 'function', method);
  }
});

test('an operation that the library lacks would be seen', () => {
  assert.throws(() => native.load().operation('task_dance'), /tasker_task_dance/);
});

test('every other function of the header is declared', () => {
  const found = [...HEADER.matchAll(/^TASKER_API [^;(]*\btasker_(\w+)\(/gm)].map(([, name]) => name);
  assert.deepEqual([...Object.keys(native.FUNCTIONS), ...Object.keys(OPERATIONS)].sort(), found.sort());
  assert.match(HEADER, new RegExp(`^#define TASKER_ABI_VERSION ${native.ABI_VERSION}$`, 'm'));
});

test('a library that is not there is named with ways out', limit, async (t) => {
  const { end } = program(t, `
    process.env.TASKER_CORE_LIBRARY = '/nowhere/lib.so';
    Engine.open(file).catch((e) => say([e.name, e.code, e.details.tried.length, e.remedy.includes('make lib')].join()));`,
  database(t));
  assert.equal((await end()).out, 'LibraryLoadError,library,1,true\n');
});

test('a library of another version is refused', limit, async (t) => {
  const file = database(t);
  const source = path.join(path.dirname(file), 'other.c');
  const names = Object.keys(native.FUNCTIONS).filter((name) => name !== 'abi_version');
  fs.writeFileSync(source, `unsigned tasker_abi_version(void) { return 99; }
    ${names.map((name) => `int tasker_${name}(void) { return 16; }`).join('\n')}`);
  execFileSync('cc', ['-shared', '-fPIC', '-o', source.replace('.c', '.so'), source]);
  const { end } = program(t, `
    process.env.TASKER_CORE_LIBRARY = ${JSON.stringify(source.replace('.c', '.so'))};
    Engine.open(file).catch((e) => say(e.message.match(/version \\d+, this package needs \\d+/)[0]));`, file);
  assert.equal((await end()).out, 'version 99, this package needs 0\n');
});
