'use strict';

// Many calls from Node: see calls.c, which does the same.

const fs = require('node:fs');
const { Engine } = require('../../bindings/node/src/index.js');

const BATCH = 100;
const PROBE = { number: 0x7000, kind: 'database' };

// The collector lets the heap grow as it likes between its runs, and gives memory
// back over several. So it runs now and then, and before each look until no more
// comes back.
const COLLECT_EVERY = 10_000;

function residentKb() {
  for (let run = 0; run < 5; run++) globalThis.gc();
  return Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4;
}

async function main(database, calls) {
  const engine = await Engine.open(database);
  const echo = { do: 'echo', text: '7'.repeat(1024) };
  let before = 0;
  for (let done = 0; done < calls; done += BATCH) {
    if (before === 0 && done >= Math.min(calls / 2, 100_000)) before = residentKb();
    if (done % COLLECT_EVERY === 0) globalThis.gc();
    const batch = [];
    for (let i = 0; i < BATCH / 4; i++) {
      batch.push(engine.perform('probe', { ...PROBE, kind: 'instant' }, { instant: true }));
      batch.push(engine.perform('probe', PROBE, {}), engine.perform('probe', PROBE, echo));
      batch.push(engine.perform('probe', PROBE, {}));
    }
    await Promise.all(batch);
  }
  console.log(residentKb() - before);
  await engine.close();
}

main(process.argv[2], Number(process.argv[3]));
