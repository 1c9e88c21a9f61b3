// Copies numbers into files with checkpoints, as a process that can be killed: `folder rows`. Batches in which a number
// is divisible by 501 are dead letters.
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMemoryBudget } from '../../../src/pipeline/memory/budget.ts';
import { runStages } from '../../../src/pipeline/index.ts';
import { LineFileSink } from './line-file-sink.ts';
import { createNumberSource } from './number-source.ts';
import { numbersOf } from './number-batches.ts';

const [folder = '', rows = ''] = process.argv.slice(2);
const isOrdered = process.argv[4] === 'ordered';
process.stdout.write('started\n');
const progress = await runStages({
  source: createNumberSource(Number(rows)),
  budget: createMemoryBudget(2 ** 20),
  batch: { rows: 37 },
  isOrdered,
  transforms: [
    {
      name: 'wait',
      workers: 3,
      transform: async (batch) => {
        await nextTurn();
        return batch;
      },
    },
    {
      name: 'refuse',
      workers: 2,
      onError: { deadLetter: new LineFileSink(join(folder, 'dead.txt')) },
      transform: (batch) => {
        if (numbersOf([batch]).some((number) => number % 501 === 0)) throw new Error('a multiple of 501');
        return batch;
      },
    },
  ],
  sink: new LineFileSink(join(folder, 'rows.txt')),
  checkpoint: { path: join(folder, 'checkpoint.json'), identity: 'numbers', everyRows: 400 },
});
process.stdout.write(`${JSON.stringify(progress)}\n`);
