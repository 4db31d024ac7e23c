'use strict';

const { isMainThread } = require('node:worker_threads');

const { Answers } = require('./answers.js');
const { ClosedError, ForkedError, InvalidRequestError, TaskerError } = require('./errors.js');
const native = require('./native.js');
const { OPERATIONS } = require('./operations.js');

// Engines that the garbage collector finds unclosed are closed, and so are those
// that are open when the thread ends. Nothing here keeps one alive.
const collected = new FinalizationRegistry(({ library, handle, answers }) => {
  open.delete(handle);
  answers.close();
  inPool(library, library.close, handle, null, 0).catch(() => {}); // nobody is left to tell
});
const open = new Map(); // handle: library
let hooked = false;

function remember(handle, library) {
  if (!hooked) process.once('exit', closeAll);
  hooked = true;
  open.set(handle, library);
  // Worker.terminate lets no more of a thread's program run.
  if (!isMainThread) library.close_with_thread(handle);
}

function closeAll() {
  for (const [handle, library] of open) {
    const reply = new BigUint64Array(2);
    library.close(handle, null, 0, reply);
    library.buffer_free(reply);
  }
  open.clear();
}

// An open engine for one thread. Every operation of the library is a method of
// it, in camel case, which takes the request as an object and returns a promise
// of the reply.
//
//     const engine = await Engine.open('tasks.sqlite3');
//     const { task_id } = await engine.taskCreate({ name: 'order', context: { order_id: 7 } });
//     await engine.taskWait({ task_id });
//
// Requests are submitted, and the event loop learns by the engine's wake
// descriptor that answers are there; nothing blocks and no thread is used. What
// fails rejects with the TaskerError whose class belongs to the code. A worker
// thread opens an engine of its own.
class Engine {
  #library;
  #handle;
  #answers;
  #closing;

  // Opens an engine. url names the database: a path, `sqlite:` and a path, or a
  // PostgreSQL URL; without it the variable TASKER_DATABASE_URL is used, else the
  // file tasker.sqlite3 in the working directory. Other settings are properties of
  // config, with objects for their sections. Opening may migrate, so it is done in
  // Node's thread pool.
  static async open(url, config = {}) {
    const library = native.load();
    const request = url === undefined ? config : { ...config, database: { ...config.database, url: String(url) } };
    const body = Buffer.from(encode(request));
    const handle = new BigUint64Array(1);
    const [status, text] = await inPool(library, library.open, body, body.length, handle);
    return new Engine(library, Number(handle[0]), decode(status, text));
  }

  // Internal; use Engine.open. opened is what the library said at the open.
  constructor(library, handle, opened) {
    this.opened = opened;
    this.#library = library;
    this.#handle = handle;
    this.#answers = new Answers(library, handle);
    remember(handle, library);
    collected.register(this, { library, handle, answers: this.#answers }, this);
  }

  // Calls an operation by its name in snake case.
  async call(name, request = {}) {
    if (!Object.hasOwn(OPERATIONS, name)) throw new InvalidRequestError(`there is no operation ${name}`);
    return this.perform(name, OPERATIONS[name], request);
  }

  // The one way of every operation into the library. Those that are answered from
  // memory are called there and then.
  async perform(name, { number, kind }, request) {
    const body = encode(request);
    if (kind !== 'instant') return decode(...(await this.#answers.submit(number, body)));
    const [bytes, length] = this.#answers.bytes(body);
    const operation = this.#library.operation(name);
    return decode(...this.#answers.filled((reply) => operation(this.#handle, bytes, length, reply)));
  }

  // Ends the calls that wait, such as taskWait.
  interrupt() {
    this.#answers.flush(); // a wait that was called just now is meant, too
    const status = this.#library.interrupt(this.#handle);
    if (status !== 0) throw TaskerError.fromReply(status);
  }

  // Whether close was called.
  get closed() {
    return this.#closing !== undefined;
  }

  // Closes the engine; steps that its workers still hold are released. Calls under
  // way reject with ClosedError. A second close does nothing more.
  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    collected.unregister(this);
    open.delete(this.#handle);
    this.#answers.close();
    try {
      decode(...(await inPool(this.#library, this.#library.close, this.#handle, null, 0)));
    } catch (error) {
      if (!(error instanceof ClosedError || error instanceof ForkedError)) throw error;
    }
  }
}

for (const name of Object.keys(OPERATIONS)) {
  const method = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  Engine.prototype[method] = function (request) {
    return this.call(name, request);
  };
}

// Calls a function that may block and fills a reply, in Node's thread pool.
function inPool(library, callee, ...parameters) {
  const reply = new BigUint64Array(2);
  return new Promise((resolve, reject) => {
    callee.async(...parameters, reply, (error, status) => {
      if (error) return reject(error);
      const text = library.text(reply[0], reply[1]);
      library.buffer_free(reply);
      return resolve([status, text]);
    });
  });
}

// The request as JSON text. InvalidRequestError for what is not JSON.
function encode(request) {
  try {
    return JSON.stringify(request);
  } catch (error) {
    throw new InvalidRequestError(`the request cannot be written as JSON: ${error.message}`);
  }
}

// The reply as an object; throws the error that it tells.
function decode(status, text) {
  const reply = text === '' ? {} : JSON.parse(text);
  if (status !== 0) throw TaskerError.fromReply(status, reply);
  return reply;
}

module.exports = { Engine };
