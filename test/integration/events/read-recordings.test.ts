// Recordings as files: whatever the size of chunks, the same events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyEvents, createEventSlot, loadEvents, openEvents } from '../../../src/events/index.ts';
import type { EventProgress, OpenEventsOptions, OutputFormat } from '../../../src/events/index.ts';
import { appendEvents } from '../../../src/events/read/append-events.ts';
import { createPrintedRandom } from '../../support/random.ts';
import { bytesOf, makeFolder, rowsOfTriggers, writeRecording } from '../../support/events/write-recording.ts';

const formats: readonly OutputFormat[] = [
  'evt2',
  'evt21',
  'evt21-legacy',
  'evt3',
  'dat',
  'hdf5',
  'text',
  'csv',
];
const EVENTS = 3000;

let folder: Awaited<ReturnType<typeof makeFolder>>;
const pathOf = (format: OutputFormat): string => folder.at(`${format}.bin`);

beforeAll(async () => {
  folder = await makeFolder();
  const options = { events: EVENTS, rate: 1e6, width: 640, height: 480, triggerHz: 2000 };
  for (const format of formats) await writeRecording(pathOf(format), options, format);
});
afterAll(() => folder[Symbol.asyncDispose]());

async function readBatches(path: string, options: OpenEventsOptions) {
  const all = createEventSlot(EVENTS);
  const sizes: number[] = [];
  const triggers: [bigint, number, number][] = [];
  await using reading = await openEvents(path, options);
  for await (const batch of reading) {
    appendEvents(all, batch.events);
    sizes.push(batch.events.length);
    triggers.push(...rowsOfTriggers(batch.triggers));
  }
  return { events: copyEvents(all), sizes, triggers, counts: { ...reading.info.counts } };
}

describe.each(formats)('a recording in %s', (format) => {
  it('loadEvents() gives the same direct and streamed, for every size of chunks', async () => {
    const polarity = 'signed';
    const direct = await loadEvents(pathOf(format), { polarity });
    expect(direct).toMatchObject({ length: EVENTS, isStreamed: false });
    const random = createPrintedRandom(`chunk sizes of ${format}`);
    for (const chunkSize of [1, 2, 3, EVENTS - 1, EVENTS, EVENTS + 1, 1 + Math.floor(random() * EVENTS)]) {
      const streamed = await loadEvents(pathOf(format), { polarity, chunkSize, streamingThreshold: 0 });
      expect(streamed.isStreamed).toBe(true);
      expect(bytesOf(streamed.columns)).toEqual(bytesOf(direct.columns));
      expect(rowsOfTriggers(streamed.triggers)).toEqual(rowsOfTriggers(direct.triggers));
      expect(streamed.info.counts).toEqual(direct.info.counts);
    }
  });

  it.each([{}, { reuseMemory: true }, { workers: 2 }])(
    'openEvents(%o) gives batches of the size that is asked for',
    async (how) => {
      const direct = await loadEvents(pathOf(format), { polarity: 'signed' });
      for (const chunkSize of [7, 1000]) {
        const { events, sizes, triggers, counts } = await readBatches(pathOf(format), {
          ...how,
          polarity: 'signed',
          chunkSize,
        });
        expect(bytesOf(events)).toEqual(bytesOf(direct.columns));
        expect(triggers).toEqual(rowsOfTriggers(direct.triggers));
        expect(counts).toEqual(direct.info.counts);
        expect(sizes.slice(0, -1).every((size) => size === chunkSize)).toBe(true);
      }
    },
  );

  it('openEvents() filters as a look at all events does', async () => {
    const { columns } = await loadEvents(pathOf(format), { polarity: 'signed' });
    const options: OpenEventsOptions = {
      polarity: 'signed',
      timeWindow: { from: 500, to: 2500n },
      region: { x: 100, y: 50, width: 300, height: 300 },
      keep: 'on',
    };
    const wanted: string[] = [];
    for (let i = 0; i < columns.length; i++) {
      const [t, x, y, p] = [columns.t[i]!, columns.x[i]!, columns.y[i]!, columns.p[i]!];
      const isWanted = t >= 500n && t < 2500n && x >= 100 && x < 400 && y >= 50 && y < 350 && p > 0;
      if (isWanted) wanted.push(`${t} ${x} ${y} ${p}`);
    }
    expect(wanted.length).toBeGreaterThan(50);
    for (const how of [{}, { workers: 2 }, { chunkSize: 3 }]) {
      const { events } = await readBatches(pathOf(format), { ...options, ...how });
      const found = Array.from(events.t, (t, i) => `${t} ${events.x[i]!} ${events.y[i]!} ${events.p[i]!}`);
      expect(found).toEqual(wanted);
    }
  });
});

it('loadEvents() gives Arrow batches and a Polars frame of its columns', async () => {
  const loaded = await loadEvents(pathOf('evt3'), { sort: true });
  const batches = loaded.toArrow(1024);
  expect(batches.map(({ numRows }) => numRows)).toEqual([1024, 1024, 952]);
  expect(batches[0]!.schema.fields.map(String)).toEqual(['t: Int64', 'x: Uint16', 'y: Uint16', 'p: Int8']);
  expect(batches[0]!.data.children[0]!.values.buffer).toBe(loaded.columns.t.buffer);
  const frame = await loaded.toPolars();
  expect(frame.shape).toEqual({ height: EVENTS, width: 4 });
  expect(frame.getColumn('x').toArray()).toEqual([...loaded.columns.x]);
  expect(frame.getColumn('p').toArray()).toEqual([...loaded.columns.p]);
});

it('openEvents() tells format, geometry, header and progress', async () => {
  const seen: EventProgress[] = [];
  await using reading = await openEvents(pathOf('evt2'), { progress: (progress) => seen.push(progress) });
  expect(reading.info).toMatchObject({
    format: 'evt2',
    geometry: { width: 640, height: 480 },
    header: { evt: '2.0', geometry: '640x480' },
    timeUnit: 'us',
  });
  for await (const { events } of reading) expect(events.length).toBeGreaterThan(0);
  expect(seen.at(-1)).toMatchObject({ events: EVENTS, share: 1, etaSeconds: 0 });
  expect(reading.progress.bytesRead).toBe(reading.info.sizeBytes);
});

it('openEvents() keeps and counts what is outside of the geometry, and drops it when asked', async () => {
  const geometry = { width: 320, height: 240 };
  const kept = await readBatches(pathOf('evt3'), { geometry });
  const dropped = await readBatches(pathOf('evt3'), { geometry, dropOutside: true });
  expect(kept.events.length).toBe(EVENTS);
  expect(kept.counts.eventsOutside).toBeGreaterThan(100);
  expect(dropped.events.length).toBe(EVENTS - kept.counts.eventsOutside);
});

it.each([
  [{ chunkSize: 0 }, 'ERR_EVENTS_OPTIONS'],
  [{ memoryLimitMb: 1 }, 'ERR_EVENTS_MEMORY'],
  [{ chunkSize: 1e6, memoryLimitMb: 10 }, 'ERR_EVENTS_MEMORY'],
  [{ streamingThreshold: -1 }, 'ERR_EVENTS_OPTIONS'],
  [{ region: { x: 0, y: 0, width: 0, height: 1 } }, 'ERR_EVENTS_OPTIONS'],
])('loadEvents(%o) is refused with %s', async (options, code) => {
  await expect(loadEvents(pathOf('evt2'), options)).rejects.toMatchObject({ code });
});
