'use strict';

const net = require('node:net');

const { ClosedError, LimitExceededError, TaskerError } = require('./errors.js');

// Answers that are taken in one native call, and the words of one
// tasker_completion: ticket, status, and the two of the reply.
const CAPACITY = 64;
const WORDS = 4;

// Requests up to this length are written into memory that is used again.
const SCRATCH = 65536;

// Submits requests of one engine and resolves a promise for each answer, on the
// event loop of the thread that made it and with no thread of its own. The
// process ends when nothing is awaited.
class Answers {
  constructor(library, handle) {
    this.library = library;
    this.handle = handle;
    this.awaited = new Map(); // ticket: resolve and reject
    this.completions = new BigUint64Array(CAPACITY * WORDS);
    this.statuses = new Int32Array(this.completions.buffer);
    this.count = new BigUint64Array(1);
    this.ticket = new BigUint64Array(1);
    this.reply = new BigUint64Array(2);
    this.scratch = Buffer.allocUnsafeSlow(SCRATCH);
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

  // Starts an operation; answers a promise of its status and its reply's text.
  // Throws when it could not be started.
  submit(number, body) {
    this.socket ??= this.listen();
    const [bytes, length] = this.bytes(body);
    const [status, text] = this.filled((reply) =>
      this.library.submit(this.handle, number, bytes, length, this.ticket, reply),
    );
    if (status !== 0) throw TaskerError.fromReply(status, JSON.parse(text || '{}'));
    if (this.awaited.size === 0) this.socket.ref();
    return new Promise((resolve, reject) => {
      this.awaited.set(this.ticket[0], { resolve, reject });
    });
  }

  // Stops listening. Requests whose answers have not come fail with ClosedError.
  close() {
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
    let count = CAPACITY;
    while (count === CAPACITY) {
      const status = this.library.collect(this.handle, this.completions, CAPACITY, this.count);
      if (status !== 0) {
        this.fail(TaskerError.fromReply(status));
        return false;
      }
      count = Number(this.count[0]);
      for (let i = 0; i < count; i++) this.settle(i * WORDS);
    }
    if (this.awaited.size === 0) this.socket.unref();
    return true;
  }

  settle(word) {
    const waiter = this.awaited.get(this.completions[word]);
    this.awaited.delete(this.completions[word]);
    const reply = this.completions.subarray(word + 2, word + WORDS);
    try {
      waiter?.resolve([this.statuses[(word + 1) * 2], this.library.text(reply[0], reply[1])]);
    } catch (error) {
      waiter.reject(error);
    } finally {
      this.library.buffer_free(reply);
    }
  }

  // Nobody will answer any more.
  fail(error) {
    const waiters = [...this.awaited.values()];
    this.awaited.clear();
    this.socket?.unref();
    for (const { reject } of waiters) reject(error);
  }
}

module.exports = { Answers };
