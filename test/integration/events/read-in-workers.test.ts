// A file decoded by worker threads: the same events as in one go, whatever the blocks are, and an end that is told when a
// worker dies, the file shrinks or the caller has enough.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scriptDecoders } from '../../../src/events/decode/index.ts';
import { createScriptFilter } from '../../../src/events/filter/index.ts';
import { readInWorkers } from '../../../src/events/kernels/read-in-workers.ts';
import type { DecodedBlock, WorkerReadOptions } from '../../../src/events/kernels/read-in-workers.ts';
import {
  addReadCounts,
  createEventSlot,
  createReadCounts,
  WORD_BYTES,
} from '../../../src/events/model/index.ts';
import type { ReadCounts, WordFormat } from '../../../src/events/model/index.ts';
import { decodeAll } from '../../support/events/decode-all.ts';
import { drawWords } from '../../support/events/random-words.ts';
import { listEvents } from '../../support/events/random-events.ts';
import { createRandom } from '../../support/random.ts';

const START = 13;
let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'ruvector-events-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens a file with `bytes` behind a few of another kind. */
function openBytes(
  name: string,
  bytes: Uint8Array,
): { descriptor: number } & Omit<WorkerReadOptions, 'format'> {
  const source = join(folder, name);
  writeFileSync(source, Buffer.concat([Buffer.alloc(START, 37), bytes]));
  return { descriptor: openSync(source, 'r+'), source, startByte: START, endByte: START + bytes.length };
}

interface Taken {
  readonly events: ReturnType<typeof listEvents>;
  readonly triggers: (readonly [bigint, number, number])[];
  readonly counts: ReadCounts;
}

async function takeAll(blocks: AsyncIterable<DecodedBlock>): Promise<Taken> {
  const counts = createReadCounts();
  const taken: Taken = { events: [], triggers: [], counts };
  for await (const block of blocks) {
    for (const event of listEvents(block.events)) taken.events.push(event);
    const { t, id, value, length } = block.triggers;
    for (let i = 0; i < length; i++) taken.triggers.push([t[i]!, id[i]!, value[i]!]);
    addReadCounts(counts, block.counts);
  }
  return taken;
}

it.each(Object.keys(WORD_BYTES) as WordFormat[])(
  'readInWorkers() gives what one decoder gives, for any size of block: %s',
  async (format) => {
    const bytes = drawWords(format, createRandom(5), 3000);
    const whole = bytes.subarray(0, bytes.length - 1);
    const file = openBytes(`whole-${format}`, whole);
    const decoder = scriptDecoders.createDecoder(format);
    const wanted = decodeAll(decoder, whole, { nextPiece: () => whole.length, triggerCapacity: 10_000 });
    for (const [blockBytes, workers] of [
      [64, 2],
      [1000, 3],
      [16_384, 1],
    ] as const) {
      const got = await takeAll(readInWorkers({ ...file, format, blockBytes, workers }));
      expect(got.events).toEqual(wanted.t.map((t, i) => [t, wanted.x[i], wanted.y[i], wanted.p[i]]));
      expect(got.triggers).toEqual(wanted.triggers);
      expect(got.counts).toEqual(wanted.counts);
    }
    closeSync(file.descriptor);
  },
);

it('readInWorkers() filters in the workers', async () => {
  const bytes = drawWords('evt2', createRandom(6), 30_000);
  const file = openBytes('filter', bytes);
  const filter = { region: { x: 20, y: 0, width: 300, height: 200 }, polarity: 'on' } as const;
  const slot = createEventSlot(40_000);
  scriptDecoders.createDecoder('evt2').decode(bytes, slot);
  createScriptFilter(filter).apply(slot);
  const got = await takeAll(readInWorkers({ ...file, format: 'evt2', blockBytes: 8192, filter }));
  expect(got.events).toEqual(listEvents(slot));
  expect(got.events.length).toBeGreaterThan(1000);
  closeSync(file.descriptor);
});

/** A file of more blocks than there are slots. */
function openLong(name: string): ReturnType<typeof openBytes> & { format: 'evt2'; blockBytes: number } {
  const bytes = drawWords('evt2', createRandom(7), 200_000);
  return { ...openBytes(name, bytes), format: 'evt2', blockBytes: 4096 };
}

it('readInWorkers() fails with a code when a worker dies, and nothing hangs', async () => {
  const started: Worker[] = [];
  const note = (worker: Worker): void => void started.push(worker);
  process.on('worker', note);
  try {
    const file = openLong('dies');
    const blocks = readInWorkers(file);
    await blocks.next();
    await started[0]!.terminate();
    await expect(takeAll(blocks)).rejects.toMatchObject({ code: 'ERR_EVENTS_WORKER' });
    closeSync(file.descriptor);
  } finally {
    process.off('worker', note);
  }
});

it('readInWorkers() ends with the reason of an abort, before and while it reads', async () => {
  const file = openLong('abort');
  const abort = new AbortController();
  const blocks = readInWorkers({ ...file, signal: abort.signal });
  await blocks.next();
  const reason = new Error('enough');
  abort.abort(reason);
  await expect(blocks.next()).rejects.toBe(reason);
  await expect(takeAll(readInWorkers({ ...file, signal: abort.signal }))).rejects.toBe(reason);
  closeSync(file.descriptor);
});

it('readInWorkers() names the byte when the file became shorter', async () => {
  const file = openLong('shorter');
  ftruncateSync(file.descriptor, 300_000);
  await expect(takeAll(readInWorkers(file))).rejects.toMatchObject({
    code: 'ERR_EVENTS_READ',
    details: { byte: 300_000 },
  });
  closeSync(file.descriptor);
});

it('readInWorkers() ends its workers when its caller stops early', async () => {
  const started: Worker[] = [];
  const note = (worker: Worker): void => void started.push(worker);
  process.on('worker', note);
  const file = openLong('early');
  for await (const block of readInWorkers(file)) {
    expect(block.events.length).toBeGreaterThan(0);
    break;
  }
  process.off('worker', note);
  expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  closeSync(file.descriptor);
});

it('readInWorkers() makes blocks smaller for a limit, and says the least that works', async () => {
  const file = openLong('limit');
  const { events } = await takeAll(readInWorkers({ ...file, blockBytes: 65_536, limitBytes: 3 * 2 ** 20 }));
  expect(events.length).toBeGreaterThan(100_000);
  await expect(takeAll(readInWorkers({ ...file, limitBytes: 1000 }))).rejects.toMatchObject({
    code: 'ERR_EVENTS_MEMORY',
    details: { leastMb: expect.any(Number) as number },
  });
  closeSync(file.descriptor);
});
