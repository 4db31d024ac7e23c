// A Node program that makes calls on request and tells how long they took.
//
//   node host.js LIBRARY MODE CONFIGURATION...
//
// It opens one engine per configuration and answers lines, see boundary.go. The
// modes "main" and "worker" call the C functions as the binding declares them,
// on that thread; "binding" calls the methods of Engine on the main thread.
'use strict';

const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const source = path.join(__dirname, '../../../bindings/node/src');
const COLLECT = 64;
const WORDS = 4; // of a tasker_completion: ticket, status, data, length

// Makes the calls by the C functions.
class Native {
  constructor(configurations) {
    this.library = require(path.join(source, 'native.js')).load();
    this.reply = new BigUint64Array(2);
    this.ticket = new BigUint64Array(1);
    this.count = new BigUint64Array(1);
    this.completions = new BigUint64Array(COLLECT * WORDS);
    this.statuses = new Int32Array(this.completions.buffer);
    this.slots = Array.from({ length: COLLECT }, (_, i) => this.completions.subarray(i * WORDS + 2, (i + 1) * WORDS));
    this.engines = configurations.map((text) => this.open(text));
  }

  open(text) {
    const engine = new BigUint64Array(1);
    const descriptor = new Int32Array(1);
    const body = Buffer.from(text);
    this.take(this.library.open(body, body.length, engine, this.reply), this.reply);
    const number = Number(engine[0]);
    this.check(this.library.wake_fd(number, descriptor), 'wake_fd');
    // A byte that was read has to be answered by a collect, or no other comes.
    const opened = { number, woken: () => this.collect(number) };
    const fd = this.library.duplicate(descriptor[0]);
    const onread = { buffer: Buffer.alloc(64), callback: () => (opened.woken(), true) };
    opened.wake = new net.Socket({ fd, readable: true, writable: false, onread });
    return opened;
  }

  // Takes the text of a reply and releases it.
  take(status, reply) {
    const text = this.library.text(reply[0], reply[1]);
    this.library.buffer_free(reply);
    this.check(status, text);
  }

  check(status, what) {
    if (status !== 0) throw new Error(`status ${status}: ${what}`);
  }

  wait(which, name, _number, request) {
    const call = this.library.operation(name);
    const { number } = this.engines[which];
    const body = Buffer.from(request);
    return () => this.take(call(number, body, body.length, this.reply), this.reply);
  }

  // The submissions are made once for all batches of a line.
  batch(which, operation, size, request) {
    const engine = this.engines[which];
    const body = Buffer.from(request);
    const each = [BigInt(operation), BigInt(this.library.address(body)), BigInt(body.length)];
    const submissions = new BigUint64Array(Array.from({ length: size }, () => each).flat());
    return () =>
      new Promise((resolve, reject) => {
        let taken = 0;
        engine.woken = () => {
          try {
            taken += this.collect(engine.number);
          } catch (error) {
            reject(error);
          }
          if (taken >= size) resolve(body); // which lives until here
        };
        this.check(this.library.submit_many(engine.number, submissions, size, this.ticket, this.reply), 'submit_many');
      });
  }

  collect(number) {
    this.check(this.library.collect(number, this.completions, COLLECT, this.count), 'collect');
    const count = Number(this.count[0]);
    for (let i = 0; i < count; i++) this.take(this.statuses[i * WORDS * 2 + 2], this.slots[i]);
    return count;
  }

  async close() {
    for (const { number, wake } of this.engines) {
      wake.destroy();
      this.take(this.library.close(number, null, 0, this.reply), this.reply);
    }
  }
}

// Makes the calls by the methods of the package.
class Binding {
  static async open(configurations) {
    const { Engine } = require(source);
    const host = new Binding();
    host.engines = await Promise.all(configurations.map((text) => Engine.open(undefined, JSON.parse(text))));
    return host;
  }

  wait(which, name, number, request) {
    const engine = this.engines[which];
    const fields = JSON.parse(request);
    const operation = { number, kind: fields.instant ? 'instant' : 'database' };
    return () => engine.perform(name, operation, fields);
  }

  batch(which, number, size, request) {
    const engine = this.engines[which];
    const fields = JSON.parse(request);
    const operation = { number, kind: 'database' };
    return () => Promise.all(Array.from({ length: size }, () => engine.perform('', operation, fields)));
  }

  async close() {
    await Promise.all(this.engines.map((engine) => engine.close()));
  }
}

async function answer(host, line) {
  const [form, which, name, number, times, size, ...request] = line.split(' ');
  const once =
    form === 'wait'
      ? host.wait(Number(which), name.replace(/^tasker_/, ''), Number(number), request.join(' '))
      : host.batch(Number(which), Number(number), Number(size), request.join(' '));
  const took = [];
  for (let i = 0; i < Number(times); i++) {
    const start = process.hrtime.bigint();
    const made = once();
    if (made !== undefined) await made;
    took.push((process.hrtime.bigint() - start) / BigInt(size));
  }
  return `ok ${took.join(' ')}`;
}

// Answers one line after the other; null is the end of them.
async function serve(mode, configurations, receive, send) {
  const host = mode === 'binding' ? await Binding.open(configurations) : new Native(configurations);
  let before = Promise.resolve();
  receive((line) => {
    before = before
      .then(async () => (line === null ? host.close() : send(await answer(host, line))))
      .catch((error) => send(`error ${String(error.message).replaceAll('\n', ' ')}`));
  });
  send('ready');
}

function lines(give) {
  const reader = readline.createInterface({ input: process.stdin });
  reader.on('line', give);
  reader.on('close', () => give(null));
}

const [library, mode, ...configurations] = isMainThread ? process.argv.slice(2) : workerData;
const print = (text) => process.stdout.write(`${text}\n`);
process.env.TASKER_CORE_LIBRARY = library;
if (!isMainThread) {
  const receive = (give) =>
    parentPort.on('message', (line) => {
      give(line);
      if (line === null) parentPort.close();
    });
  serve(mode, configurations, receive, (text) => parentPort.postMessage(text));
} else if (mode === 'worker') {
  const worker = new Worker(__filename, { workerData: [library, mode, ...configurations] });
  worker.on('message', print);
  worker.on('error', (error) => print(`error ${error.message}`));
  lines((line) => worker.postMessage(line));
} else {
  serve(mode, configurations, lines, print).catch((error) => print(`error ${error.message}`));
}
