// A child process that records numbered training samples as fast as it can and prints each durable number;
// for fault tests.   node samples-writer.ts <path> <first>
import { writeSync } from 'node:fs';
import { openSampleStore } from '../../src/store/index.ts';
import { numberedSample } from './samples.ts';

const [path = '', first = '0'] = process.argv.slice(2);
// A small fold, so that kills also hit the moments between file and journal.
const store = await openSampleStore(path, { foldBytes: 1500 });
writeSync(1, 'ready\n');
for (let next = Number(first); ; next += 3) {
  await store.recordAndPersist(numberedSample(next), numberedSample(next + 1), numberedSample(next + 2));
  writeSync(1, `${next + 2}\n`);
}
