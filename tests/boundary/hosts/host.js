// A Node program that makes calls on request and tells how long they took.
//
//   node host.js LIBRARY MODE CONFIGURATION...
//
// It opens one engine per configuration and answers lines, see boundary.go. The
// mode says which thread makes the calls: "main" or "worker".
'use strict';

const net = require('node:net');
const readline = require('node:readline');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const COLLECT = 64;
const COMPLETION = 32; // bytes of a tasker_completion: ticket, status, data, len

/** The C functions, with what koffi needs and no more. */
class Native {
  constructor(path) {
    const koffi = require('koffi');
    this.koffi = koffi;
    this.library = koffi.load(path);
    const f = (text) => this.library.func(text);
    this.open = f('int32_t tasker_open(const uint8_t *config, size_t len, void *engine, void *reply)');
    this.close = f('int32_t tasker_close(uint64_t engine, const uint8_t *request, size_t len, void *reply)');
    this.wakeFd = f('int32_t tasker_wake_fd(uint64_t engine, void *fd)');
    this.submit = f('int32_t tasker_submit(uint64_t engine, uint32_t operation, const uint8_t *request, size_t len, void *ticket, void *reply)');
    this.collect = f('int32_t tasker_collect(uint64_t engine, void *completions, size_t capacity, void *count)');
    this.free = f('void tasker_buffer_free(void *buffer)');
    this.operations = new Map();
  }

  operation(name) {
    let found = this.operations.get(name);
    if (found === undefined) {
      found = this.library.func(`int32_t ${name}(uint64_t engine, const uint8_t *request, size_t len, void *reply)`);
      this.operations.set(name, found);
    }
    return found;
  }
}

/** Makes the calls. */
class Host {
  constructor(library, configurations) {
    this.native = new Native(library);
    this.reply = Buffer.alloc(16);
    this.ticket = Buffer.alloc(8);
    this.count = Buffer.alloc(8);
    this.completions = Buffer.alloc(COLLECT * COMPLETION);
    this.slots = Array.from({ length: COLLECT }, (_, i) =>
      this.completions.subarray(i * COMPLETION + 16, (i + 1) * COMPLETION));
    this.engines = configurations.map((text) => this.open(text));
  }

  open(text) {
    const engine = Buffer.alloc(8);
    const body = Buffer.from(text);
    this.check(this.native.open(body, body.length, engine, this.reply), this.reply);
    this.native.free(this.reply);
    const number = Number(engine.readBigUInt64LE());
    const fd = Buffer.alloc(4);
    this.check(this.native.wakeFd(number, fd), null);
    const wake = new net.Socket({ fd: fd.readInt32LE(), readable: true, writable: false });
    // A byte that was read has to be answered by a collect, or no other comes.
    const opened = { number, wake, woken: () => this.collectAll(number) };
    wake.on('data', () => opened.woken());
    return opened;
  }

  /** The bytes of a filled tasker_buffer, as a host takes them: copied. */
  take(buffer) {
    const length = Number(buffer.readBigUInt64LE(8));
    const address = buffer.readBigUInt64LE(0);
    return Buffer.from(Buffer.from(this.native.koffi.view(address, length)));
  }

  check(status, buffer) {
    if (status !== 0) {
      throw new Error(`status ${status}: ${buffer === null ? '' : this.take(buffer)}`);
    }
  }

  wait(which, name, request) {
    const call = this.native.operation(name);
    const { number } = this.engines[which];
    const body = Buffer.from(request);
    return () => {
      this.check(call(number, body, body.length, this.reply), this.reply);
      this.take(this.reply);
      this.native.free(this.reply);
    };
  }

  batch(which, operation, size, request) {
    const engine = this.engines[which];
    const body = Buffer.from(request);
    return () => new Promise((resolve, reject) => {
      let taken = 0;
      engine.woken = () => {
        try {
          taken += this.collectAll(engine.number);
        } catch (error) {
          reject(error);
        }
        if (taken >= size) {
          resolve();
        }
      };
      for (let i = 0; i < size; i++) {
        this.check(this.native.submit(engine.number, operation, body, body.length, this.ticket, this.reply), this.reply);
      }
    });
  }

  collectAll(number) {
    this.check(this.native.collect(number, this.completions, COLLECT, this.count), null);
    const count = this.count.readUInt32LE(0);
    for (let i = 0; i < count; i++) {
      this.check(this.completions.readInt32LE(i * COMPLETION + 8), this.slots[i]);
      this.take(this.slots[i]);
      this.native.free(this.slots[i]);
    }
    return count;
  }

  async answer(line) {
    const [form, which, name, number, times, size] = line.split(' ', 6);
    const request = line.split(' ').slice(6).join(' ');
    const waits = form === 'wait';
    const once = waits ? this.wait(which, name, request) : this.batch(which, Number(number), Number(size), request);
    const took = [];
    for (let i = 0; i < Number(times); i++) {
      const start = process.hrtime.bigint();
      if (waits) {
        once();
      } else {
        await once();
      }
      took.push((process.hrtime.bigint() - start) / BigInt(size));
    }
    return `ok ${took.join(' ')}`;
  }

  end() {
    for (const { number, wake } of this.engines) {
      wake.destroy();
      this.native.close(number, null, 0, this.reply);
      this.native.free(this.reply);
    }
  }
}

/** Answers what comes through receive until it is null. */
function serve(host, receive, send) {
  let before = Promise.resolve();
  receive((line) => {
    before = before.then(async () => {
      if (line === null) {
        host.end();
        return;
      }
      send(await host.answer(line));
    }).catch((error) => {
      send(`error ${String(error.message).replaceAll('\n', ' ')}`);
    });
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
if (!isMainThread) {
  serve(new Host(library, configurations), (give) => {
    parentPort.on('message', (line) => {
      give(line);
      if (line === null) {
        parentPort.close();
      }
    });
  }, (text) => parentPort.postMessage(text));
} else if (mode === 'worker') {
  const worker = new Worker(__filename, { workerData: [library, mode, ...configurations] });
  worker.on('message', print);
  worker.on('error', (error) => print(`error ${error.message}`));
  lines((line) => worker.postMessage(line));
} else {
  serve(new Host(library, configurations), lines, print);
}
