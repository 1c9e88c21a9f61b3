// A child process that records numbered training samples as fast as it can and prints each durable number;
// for fault tests. A write that fails ends it with the error's code.   node samples-writer.ts <path> <first>
import { writeSync } from 'node:fs';
import { isRuvectorError } from '../../../src/core/index.ts';
import { openSampleStore } from '../../../src/store/index.ts';
import { numberedSample } from './samples.ts';

// Without a listener the default action of a file size limit is to kill the process.
process.on('SIGXFSZ', () => undefined);

const [path = '', first = '0'] = process.argv.slice(2);
// A small fold, so that kills also hit the moments between file and journal.
const store = await openSampleStore(path, { foldBytes: 1500 });
writeSync(1, 'ready\n');
try {
  for (let next = Number(first); ; next += 3) {
    await store.recordAndPersist(numberedSample(next), numberedSample(next + 1), numberedSample(next + 2));
    writeSync(1, `${next + 2}\n`);
  }
} catch (error) {
  writeSync(1, `${isRuvectorError(error) ? error.code : String(error)}\n`);
}
