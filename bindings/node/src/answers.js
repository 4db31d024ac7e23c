'use strict';

const net = require('node:net');

const { ClosedError, LimitExceededError, TaskerError } = require('./errors.js');

// Requests that are submitted, and answers that are taken, in one native call.
const SUBMIT = 256;
const COLLECT = 64;

// 32-bit words of a tasker_submission: number, pointer, length; and of a
// tasker_completion: ticket, status, and pointer and length of the reply. Numbers of
// 64 bits are written and read in two halves, which makes no objects.
const SUBMISSION = 6;
const COMPLETION = 8;
const HALF = 2 ** 32;

// Requests of one native call are written into memory that is used again, as far as
// they fit.
const SCRATCH = 65536;

// Submits requests of one engine and resolves a promise for each answer, on the
// event loop of the thread that made it and with no thread of its own. What is
// called in one turn of the loop is submitted together. The process ends when
// nothing is awaited.
class Answers {
  constructor(library, handle) {
    this.library = library;
    this.handle = handle;
    this.called = []; // in this turn of the loop
    this.awaited = new Map(); // ticket: who called
    this.submissions = new Uint32Array(SUBMIT * SUBMISSION);
    this.completions = new Uint32Array(COLLECT * COMPLETION);
    this.replies = Array.from({ length: COLLECT }, (_, i) => {
      return new BigUint64Array(this.completions.buffer, (i * COMPLETION + 4) * 4, 2);
    });
    this.count = new Uint32Array(2);
    this.ticket = new Uint32Array(2);
    this.reply = new BigUint64Array(2);
    this.scratch = Buffer.allocUnsafeSlow(SCRATCH);
    this.address = library.address(this.scratch);
  }

  // The request as bytes and their number, valid until the next one.
  bytes(text) {
    const length = Buffer.byteLength(text);
    if (length > SCRATCH) return [Buffer.from(text), length];
    this.scratch.utf8Write(text, 0, length);
    return [this.scratch, length];
  }

  // Calls a function that fills a reply; answers the status and the reply's text.
  filled(call) {
    try {
      const status = call(this.reply);
      return [status, this.library.text(this.reply[0], this.reply[1])];
    } finally {
      this.library.buffer_free(this.reply);
    }
  }

  // Calls an operation at the end of this turn; answers a promise of its status and
  // its reply's text.
  submit(number, body) {
    this.socket ??= this.listen();
    if (this.called.length === 0) process.nextTick(() => this.flush());
    return new Promise((resolve, reject) => {
      this.called.push({ number, body, resolve, reject });
    });
  }

  // Submits what was called in this turn.
  flush() {
    const { called } = this;
    this.called = [];
    for (let i = 0; i < called.length; i += SUBMIT) this.submitAll(called.slice(i, i + SUBMIT));
  }

  // Of what is refused together, one may be to blame, or there is room for some: so
  // each is submitted again and gets an answer of its own.
  submitAll(called) {
    const refusal = this.refusal(called);
    if (refusal === undefined) return;
    if (called.length === 1) called[0].reject(refusal);
    else for (const one of called) this.submitAll([one]);
  }

  // Starts operations, all or none; answers why none was started.
  refusal(called) {
    try {
      const kept = this.write(called);
      const [status, text] = this.filled((reply) =>
        this.library.submit_many(this.handle, this.submissions, called.length, this.ticket, reply),
      );
      kept.length = 0; // the requests had to live until here
      if (status !== 0) return TaskerError.fromReply(status, JSON.parse(text || '{}'));
    } catch (error) {
      return error;
    }
    if (this.awaited.size === 0) this.socket.ref();
    const first = this.ticket[0] + this.ticket[1] * HALF;
    for (let i = 0; i < called.length; i++) this.awaited.set(first + i, called[i]);
    return undefined;
  }

  // Writes the submissions; answers the requests that have memory of their own.
  write(called) {
    const kept = [];
    let used = 0;
    for (let i = 0; i < called.length; i++) {
      const { number, body } = called[i];
      const length = Buffer.byteLength(body);
      let address = this.address + used;
      if (used + length > SCRATCH) {
        const own = Buffer.from(body);
        kept.push(own);
        address = this.library.address(own);
      } else {
        this.scratch.utf8Write(body, used, length);
        used += length;
      }
      const word = i * SUBMISSION;
      this.submissions[word] = number;
      this.submissions[word + 2] = address % HALF;
      this.submissions[word + 3] = Math.floor(address / HALF);
      this.submissions[word + 4] = length; // below 2^32, as the bytes of any text
    }
    return kept;
  }

  // Stops listening. Requests whose answers have not come fail with ClosedError.
  close() {
    this.flush();
    this.socket?.destroy();
    this.fail(new ClosedError('the engine was closed while the call was under way'));
  }

  // A socket owns its descriptor and closes it, while the wake descriptor is the
  // engine's: so it gets a duplicate.
  listen() {
    const descriptor = new Int32Array(1);
    const status = this.library.wake_fd(this.handle, descriptor);
    if (status !== 0) throw TaskerError.fromReply(status);
    const fd = this.library.duplicate(descriptor[0]);
    if (fd < 0) throw new LimitExceededError('the operating system refuses a descriptor');
    const onread = { buffer: Buffer.alloc(64), callback: () => this.collect() };
    const socket = new net.Socket({ fd, readable: true, writable: false, onread });
    socket.on('error', (error) => this.fail(error));
    return socket.unref();
  }

  // Takes all answers that are there. The socket has taken the byte out before.
  collect() {
    let count = COLLECT;
    while (count === COLLECT) {
      const status = this.library.collect(this.handle, this.completions, COLLECT, this.count);
      if (status !== 0) {
        this.fail(TaskerError.fromReply(status));
        return false;
      }
      [count] = this.count;
      for (let i = 0; i < count; i++) this.settle(i);
    }
    if (this.awaited.size === 0) this.socket.unref();
    return true;
  }

  settle(slot) {
    const word = slot * COMPLETION;
    const ticket = this.completions[word] + this.completions[word + 1] * HALF;
    const waiter = this.awaited.get(ticket);
    this.awaited.delete(ticket);
    const reply = this.replies[slot];
    try {
      waiter?.resolve([this.completions[word + 2], this.library.text(reply[0], reply[1])]);
    } catch (error) {
      waiter.reject(error);
    } finally {
      this.library.buffer_free(reply);
    }
  }

  // Nobody will answer any more.
  fail(error) {
    const waiters = [...this.awaited.values(), ...this.called];
    this.awaited.clear();
    this.called = [];
    this.socket?.unref();
    for (const { reject } of waiters) reject(error);
  }
}

module.exports = { Answers };
