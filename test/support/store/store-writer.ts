// A child process that writes a history, for fault tests; never a library.
//   append <dir> <first>    appends numbered rows as fast as it can and prints each durable number
//   fill <dir> <filler>     appends until the disk refuses, prints {"code"}; on a line of input it removes
//                           the filler file, flushes again and prints {"rows"}
import { rmSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { once } from 'node:events';
import { isRuvectorError } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { numberedSnapshots } from './store-rows.ts';

// Without a listener the default action of a file size limit is to kill the process.
process.on('SIGXFSZ', () => undefined);

function print(line: string): void {
  writeSync(1, `${line}\n`);
}

async function appendForever(history: History, first: number): Promise<never> {
  print('ready');
  for (let next = first; ; next += 7) {
    history.append('memory', numberedSnapshots(next, next + 7));
    await history.flush();
    print(String(next + 6));
  }
}

async function fill(history: History, filler: string): Promise<void> {
  let next = 0;
  for (let code = ''; code === ''; next += 100) {
    history.append('memory', numberedSnapshots(next, next + 100));
    code = await history.flush().then(
      () => '',
      (error: unknown) => (isRuvectorError(error) ? error.code : String(error)),
    );
    if (code !== '') print(JSON.stringify({ code }));
  }
  await once(createInterface({ input: process.stdin }), 'line');
  rmSync(filler, { force: true });
  await history.flush();
  print(JSON.stringify({ rows: (await history.rows('memory')).length, appended: next }));
}

const [mode, directory = '', argument = ''] = process.argv.slice(2);
const history = await openHistory(directory, {
  retainMs: Infinity,
  sealRows: { memory: mode === 'append' ? 200 : 1e9 },
});
if (mode === 'append') await appendForever(history, Number(argument));
await fill(history, argument);
await history.close();
process.exit(0);
