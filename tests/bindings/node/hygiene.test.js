'use strict';

// What importing and opening leave alone, seen by a program of its own.

const assert = require('node:assert/strict');
const test = require('node:test');

const { PATIENCE, database, program } = require('./support.js');

const limit = { timeout: 2 * PATIENCE };
const LOOK = `
  const fs = require('node:fs');
  const koffi = require('koffi');
  const setlocale = koffi.load(null).func('str setlocale(int, str)');
  const NUMBERS = require('node:os').constants.signals;
  const mask = (name) => BigInt('0x' + fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(name + ':\\\\s*(\\\\w+)'))[1]);
  const bits = (name, signals) => signals.filter((signal) => mask(name) >> BigInt(NUMBERS[signal] - 1) & 1n).join();
  const HOST = ['SIGINT', 'SIGTERM', 'SIGCHLD', 'SIGPIPE', 'SIGHUP'];
  const look = () => ({
    limit: fs.readFileSync('/proc/self/limits', 'utf8').match(/Max open files.*/)[0],
    caught: bits('SigCgt', HOST), ignored: bits('SigIgn', HOST), blocked: bits('SigBlk', Object.keys(NUMBERS)),
    environment: JSON.stringify(process.env), locale: setlocale(6, null), folder: process.cwd(), umask: process.umask(),
  });
  const loaded = () => /tasker/.test(fs.readFileSync('/proc/self/maps', 'utf8'));`;

test('importing loads nothing native', limit, async (t) => {
  const { end } = program(t, `
    const maps = require('node:fs').readFileSync('/proc/self/maps', 'utf8');
    say(/tasker|koffi/.test(maps));`, database(t));
  assert.equal((await end()).out, 'false\n');
});

test('opening changes nothing of the host', limit, async (t) => {
  const { end } = program(t, `
    ${LOOK}
    // Node raises the soft limit itself; a host may have lowered it since.
    const setrlimit = koffi.load(null).func('int setrlimit(int, void *)');
    setrlimit(7, new BigUint64Array([1000n, 4000n]));
    process.on('SIGTERM', () => {});
    const before = look();
    const tell = (when) => {
      const after = look();
      for (const name of Object.keys(before)) {
        if (before[name] !== after[name]) say(when + ' ' + name + ': ' + before[name] + ' -> ' + after[name]);
      }
    };
    (async () => {
      say(loaded());
      const engine = await Engine.open(file);
      say(loaded());
      await engine.schemaStatus();
      await new Promise((resolve) => setTimeout(resolve, 200)); // for what a runtime does later
      tell('open');
      await engine.close();
      tell('closed');
    })();`, database(t));
  assert.equal((await end()).out, 'false\ntrue\n');
});

test('variables that the host sets later are seen', limit, async (t) => {
  const { end } = program(t, `
    const path = file + '.other';
    process.env.TASKER_DATABASE_URL = path;
    Engine.open().then((engine) => say(engine.opened.location === path));`, database(t));
  assert.equal((await end()).out, 'true\n');
});

test('programs that the host starts are not disturbed', limit, async (t) => {
  const { end } = program(t, `
    const { execFileSync } = require('node:child_process');
    Engine.open(file).then(async (engine) => {
      say(String(execFileSync('echo', ['hello'])).trim());
      say((await engine.taskList()).items.length);
    });`, database(t));
  assert.equal((await end()).out, 'hello\n0\n');
});
