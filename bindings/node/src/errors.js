'use strict';

const { ERRORS } = require('./operations.js');

// What the library refused or could not do; the base of all its errors. There is
// one class per error code, so callers catch what they can act on and never
// match text.
class TaskerError extends Error {
  // message says in one sentence what is wrong, details holds further facts by
  // their names, and retryable tells whether the very same call can succeed later.
  constructor(message, { code, details = {}, retryable = false } = {}) {
    super(message);
    this.name = new.target.name;
    this.code = code ?? new.target.code;
    this.details = details;
    this.retryable = retryable;
  }

  // Where it is wrong (a JSON path, a file, a column).
  get path() {
    return this.details.path;
  }

  // What can be done about it.
  get remedy() {
    return this.details.remedy;
  }

  // Every problem of an input that was checked as a whole, often none.
  get problems() {
    return this.details.problems ?? [];
  }

  // The error for a status and the error reply that came with it, if any.
  static fromReply(status, reply) {
    const error = reply?.error ?? {};
    const code = error.code ?? Object.keys(ERRORS)[status - 1] ?? 'internal';
    const kind = classes[ERRORS[code]] ?? classes.InternalError;
    return new kind(error.message ?? `the library answered ${code} (status ${status})`, { ...error, code });
  }
}

TaskerError.code = 'internal';

const classes = {};
for (const [code, name] of Object.entries(ERRORS)) {
  // The computed key gives the class its name.
  classes[name] = { [name]: class extends TaskerError {} }[name];
  classes[name].code = code;
}

// The shared library could not be loaded; the message names ways out. It comes
// from this package alone, before there is a library to answer.
class LibraryLoadError extends TaskerError {}
LibraryLoadError.code = 'library';

module.exports = { TaskerError, LibraryLoadError, ...classes };
