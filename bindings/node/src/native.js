'use strict';

// Declarations of the C library, and where it is found. Nothing else.
//
// The library is loaded at the first open and never at import, once per process,
// and never unloaded. Each thread has declarations of its own.

const fs = require('node:fs');
const path = require('node:path');

const { LibraryLoadError } = require('./errors.js');

// The TASKER_ABI_VERSION of the header that these declarations were written for.
const ABI_VERSION = 0;

// The environment variable that names the library file.
const VARIABLE = 'TASKER_CORE_LIBRARY';

// Memory crosses as typed arrays: numbers are read from them without objects.
const REQUEST = ['void *', 'size_t'];
const OPERATION = ['int32', ['uint64', ...REQUEST, 'void *']];
const FUNCTIONS = {
  abi_version: ['uint32', []],
  build_info: ['str', []],
  buffer_free: ['void', ['void *']],
  open: ['int32', [...REQUEST, 'void *', 'void *']],
  close: OPERATION,
  close_with_thread: ['int32', ['uint64']],
  interrupt: ['int32', ['uint64']],
  wake_fd: ['int32', ['uint64', 'void *']],
  submit: ['int32', ['uint64', 'uint32', ...REQUEST, 'void *', 'void *']],
  submit_many: ['int32', ['uint64', 'void *', 'size_t', 'void *', 'void *']],
  collect: ['int32', ['uint64', 'void *', 'size_t', 'void *']],
};

// The loaded library with its functions declared.
class Native {
  constructor(file, koffi) {
    this.koffi = koffi;
    this.library = this.koffi.load(file);
    for (const [name, [result, parameters]] of Object.entries(FUNCTIONS)) {
      this[name] = this.library.func(`tasker_${name}`, result, parameters);
    }
    this.operations = new Map();
    // fcntl(2) takes more arguments than it declares.
    this.fcntl = this.koffi.load(null).func('int fcntl(int, int, ...)');
  }

  // The C function of an operation, declared at its first use, so that an older
  // library can be used as far as it goes.
  operation(name) {
    let found = this.operations.get(name);
    if (!found) {
      found = this.library.func(`tasker_${name}`, ...OPERATION);
      this.operations.set(name, found);
    }
    return found;
  }

  // The text of a filled tasker_buffer, given as its two words.
  text(data, length) {
    return data === 0n ? '' : this.koffi.decode.string(data, Number(length));
  }

  // Where a buffer's memory begins, as a number.
  address(buffer) {
    return Number(this.koffi.address(buffer));
  }

  // A second number for a descriptor, which belongs to whoever asked for it.
  duplicate(descriptor) {
    const F_DUPFD_CLOEXEC = process.platform === 'darwin' ? 67 : 1030;
    return this.fcntl(descriptor, F_DUPFD_CLOEXEC, 'int', 0);
  }
}

let loaded;

// Loads the library at the first call and returns it. LibraryLoadError tells
// every place that was tried.
function load() {
  loaded ??= firstThatSuits();
  return loaded;
}

function fileName() {
  return process.platform === 'darwin' ? 'libtasker_core.dylib' : 'libtasker_core.so';
}

// The places to look at, best first; the last is the loader's own path.
function candidates() {
  const named = process.env[VARIABLE];
  // Whoever names a file means that file: no silent fall-back to another.
  if (named) return [named];
  const places = [path.join(__dirname, fileName())];
  const checkout = path.resolve(__dirname, '../../..');
  if (fs.existsSync(path.join(checkout, 'include', 'tasker_core.h'))) {
    places.push(path.join(checkout, 'build', fileName()));
  }
  return [...places.filter((place) => fs.existsSync(place)), fileName()];
}

function firstThatSuits() {
  const koffi = require('koffi');
  const tried = [];
  for (const file of candidates()) {
    try {
      const library = new Native(file, koffi);
      const version = library.abi_version();
      if (version === ABI_VERSION) return library;
      tried.push(`${file}: its interface is version ${version}, this package needs ${ABI_VERSION}`);
    } catch (error) {
      tried.push(`${file}: ${error.message}`);
    }
  }
  throw new LibraryLoadError(`the Tasker Core library could not be loaded:\n  ${tried.join('\n  ')}`, {
    details: {
      tried,
      remedy:
        'Install a package that was built for this platform (Linux with glibc), or build the library ' +
        `(\`make lib\` in a checkout) and name the file in ${VARIABLE}.`,
    },
  });
}

module.exports = { ABI_VERSION, FUNCTIONS, VARIABLE, candidates, load };
