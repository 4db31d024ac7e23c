'use strict';

// Tasker Core: a workflow engine in one shared library, from Node.
//
//     const { Engine } = require('@tasker-systems/core');
//
//     const engine = await Engine.open('tasks.sqlite3');
//     await engine.templateLoad({ directory: 'config/tasks' });
//     await engine.taskCreate({ name: 'order', context: { order_id: 7 } });
//     await engine.close();
//
// Importing this module loads nothing native and starts nothing; the library is
// loaded by the first open.

const { Engine } = require('./engine.js');
const {
  CallCancelledError,
  CallTimeoutError,
  ClosedError,
  ConflictError,
  DuplicateError,
  ForkedError,
  IncompatibleSchemaError,
  InternalError,
  InvalidRequestError,
  LeaseLostError,
  LibraryLoadError,
  LimitExceededError,
  NotFoundError,
  PermissionDeniedError,
  TaskerError,
  UnavailableError,
  UnmigratedError,
  UnsupportedError,
} = require('./errors.js');
const { OPERATIONS } = require('./operations.js');

// Each by its name, so that import finds them too.
module.exports = {
  Engine,
  OPERATIONS,
  CallCancelledError,
  CallTimeoutError,
  ClosedError,
  ConflictError,
  DuplicateError,
  ForkedError,
  IncompatibleSchemaError,
  InternalError,
  InvalidRequestError,
  LeaseLostError,
  LibraryLoadError,
  LimitExceededError,
  NotFoundError,
  PermissionDeniedError,
  TaskerError,
  UnavailableError,
  UnmigratedError,
  UnsupportedError,
};
