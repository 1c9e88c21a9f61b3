// A history on a disk that fills up, told as one line of JSON. Runs in a mount namespace of its own
// (store-disk.test.ts), so that its small disk is gone with it.
//   disk-trial.ts drive <mount point>         fills, frees, fills again and kills; prints what it saw
//   disk-trial.ts write <directory> <first>   the writer: numbered rows all the time; a line in, its state out
//   disk-trial.ts open-files <directory>      opens a history with no file descriptor left; prints {"message"}
import { openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { HistoryHealth } from '../../../src/store/index.ts';
import { startJsonChild } from '../json-child.ts';
import type { JsonChild } from '../json-child.ts';
import { numberedSnapshots } from './store-rows.ts';

const PENDING_ROWS = 200;
const ROW_BYTES = 43 * 8;
const options = { retainMs: Infinity, sealRows: { memory: 150 }, flushAfterMs: 20 };

interface WriterState extends HistoryHealth {
  readonly next: number;
  /** Calls of onProblem. */
  readonly told: number;
  readonly cpuMs: number;
}

async function write(directory: string, first: number): Promise<void> {
  let told = 0;
  let next = first;
  const history = await openHistory(directory, {
    ...options,
    maxBufferedBytes: PENDING_ROWS * ROW_BYTES,
    onProblem: () => told++,
  });
  setInterval(() => {
    history.append('memory', numberedSnapshots(next, next + 1));
    next++;
  }, 5);
  for await (const _ of createInterface({ input: process.stdin })) {
    const { user, system } = process.cpuUsage();
    const state = { ...history.health(), next, told, cpuMs: (user + system) / 1000 };
    process.stdout.write(`${JSON.stringify(state)}\n`);
  }
  process.exit(0);
}

/** Asks until the answer is the one waited for. */
async function until(writer: JsonChild, isReached: (state: WriterState) => boolean): Promise<WriterState> {
  for (;;) {
    const state = await writer.ask<WriterState>('state');
    if (isReached(state)) return state;
    await sleep(10);
  }
}

/** Takes all the room there is. */
function fill(filler: string): void {
  try {
    writeFileSync(filler, Buffer.alloc(2 ** 22));
  } catch {
    return; // full
  }
  throw new Error('the disk did not fill up');
}

async function numbersIn(directory: string): Promise<{ numbers: number[]; problems: number }> {
  await using history = await openHistory(directory, options);
  const numbers = (await history.rows('memory')).map((row) => row.timestamp);
  return { numbers, problems: history.problems.length };
}

/** Seals on a full disk, then with room; tells whether the first one changed the log. */
async function trySealing(directory: string, filler: string): Promise<object> {
  const history = await openHistory(directory, { ...options, sealRows: { memory: 1e9 } });
  history.append('memory', numberedSnapshots(1e6, 1e6 + 500));
  await history.flush();
  const before = history.stats().kinds['memory']!;
  fill(filler);
  const code = await history.seal('memory').then(
    () => 'sealed',
    (error: unknown) => (isRuvectorError(error) ? error.code : String(error)),
  );
  const after = history.stats().kinds['memory']!;
  rmSync(filler);
  await history.seal('memory');
  const { walBytes, rows } = history.stats().kinds['memory']!;
  await history.close();
  return { code, isLogKept: JSON.stringify(before) === JSON.stringify(after), walBytes, rows };
}

async function drive(mountPoint: string): Promise<void> {
  const directory = join(mountPoint, 'history');
  const filler = join(mountPoint, 'filler');
  await using writer = startJsonChild(process.execPath, [import.meta.filename, 'write', directory, '0']);
  await until(writer, ({ next, isWriting }) => next > 300 && isWriting);
  fill(filler);
  const refused = await until(writer, ({ isWriting }) => !isWriting);
  const before = await until(writer, ({ droppedRows }) => droppedRows > 0);
  const beforeMs = performance.now();
  await sleep(2000);
  const full = await writer.ask<WriterState>('state');
  const cpuShare = (full.cpuMs - before.cpuMs) / (performance.now() - beforeMs);
  rmSync(filler);
  const freedMs = performance.now();
  const resumed = await until(writer, ({ isWriting, pendingRows }) => isWriting && pendingRows < 100);
  const resumedAfterMs = performance.now() - freedMs;
  fill(filler);
  await until(writer, ({ isWriting }) => !isWriting);
  await writer.kill();
  const onFullDisk = await numbersIn(directory);
  rmSync(filler);
  const sealing = await trySealing(directory, filler);
  const final = await numbersIn(directory);
  const last = onFullDisk.numbers.at(-1)!;
  const result = {
    refused,
    full,
    cpuShare,
    resumed,
    resumedAfterMs,
    missing: last + 1 - onFullDisk.numbers.length,
    isInOrderOnce: final.numbers.every((number, i) => i === 0 || final.numbers[i - 1]! < number),
    rows: { onFullDisk: onFullDisk.numbers.length, final: final.numbers.length },
    last,
    problems: onFullDisk.problems + final.problems,
    sealing,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function openWithoutFiles(directory: string): Promise<void> {
  await openHistory(join(directory, 'warm')).then((history) => history.close());
  const kept: number[] = [];
  let message = '';
  try {
    for (;;) kept.push(openSync('/dev/null', 'r'));
  } catch {
    await openHistory(join(directory, 'history')).catch((error: Error) => (message = error.message));
  }
  process.stdout.write(`${JSON.stringify({ message })}\n`);
  process.exit(0);
}

const [mode, path = '', first] = process.argv.slice(2);
if (mode === 'write') await write(path, Number(first));
else if (mode === 'drive') await drive(path);
else await openWithoutFiles(path);
