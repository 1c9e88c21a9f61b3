// HDF5 files of this project: faults, changed bytes, filters that nobody has, and what a writer refuses.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openHdf5Source, openHdf5Writer } from '../../../src/events/hdf5/index.ts';
import type { Hdf5Options, Hdf5WriteOptions } from '../../../src/events/hdf5/index.ts';
import { createEventSlot, createTriggerSlot } from '../../../src/events/model/index.ts';
import { drainSource, slotOf } from '../../support/events/drain-source.ts';
import type { EventRow } from '../../support/events/drain-source.ts';
import { createPrintedRandom } from '../../support/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'events-hdf5-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows: EventRow[] = Array.from({ length: 40_000 }, (_, i) => [
  1_000_000 + 3 * i,
  (i * 7919) % 1280,
  (i * 104_729) % 720,
  i % 3 === 0 ? 1 : 0,
]);
const big = (events: readonly EventRow[]): unknown => events.map(([t, x, y, p]) => [BigInt(t), x, y, p]);

let count = 0;
async function write(events: readonly EventRow[], options: Hdf5WriteOptions = {}): Promise<string> {
  const path = join(folder, `${count++}.h5`);
  const writer = await openHdf5Writer(path, options);
  try {
    await writer.write({ events: slotOf(events), triggers: createTriggerSlot(0) });
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.finish();
  return path;
}

const read = async (path: string, options?: Hdf5Options, capacity?: number): ReturnType<typeof drainSource> =>
  drainSource(await openHdf5Source(path, options), capacity);

describe('openHdf5Writer()', () => {
  it.each(['array', 'columns', 'dsec', 'prophesee'] as const)(
    'writes %s that is read back as it was when slots have any size',
    async (layout) => {
      const path = await write(rows, { layout, geometry: { width: 1280, height: 720 } });
      for (const capacity of [1, 7, 16_384, 50_000]) {
        const part = capacity < 10 ? 300 : rows.length;
        const source = await openHdf5Source(path);
        expect(source.totalEvents).toBe(rows.length);
        expect(source.geometry).toEqual({ width: 1280, height: 720 });
        const slot = createEventSlot(capacity);
        const got: unknown[] = [];
        for (let isMore = true; isMore && got.length < part;) {
          isMore = await source.fill(slot);
          for (let i = 0; i < slot.length; i++) got.push([slot.t[i], slot.x[i], slot.y[i], slot.p[i]]);
          slot.length = 0;
        }
        await source[Symbol.asyncDispose]();
        expect(got, `slots of ${capacity}`).toEqual(big(rows.slice(0, got.length)));
        expect(got.length).toBeGreaterThanOrEqual(part);
      }
    },
  );

  it.each(['array', 'columns', 'dsec', 'prophesee'] as const)('writes %s without events', async (layout) => {
    expect((await read(await write([], { layout }))).rows).toEqual([]);
  });

  it('refuses what ECF and DSEC cannot hold, with the number of the event', async () => {
    const back: EventRow[] = [
      [5, 1, 1, 1],
      [9, 1, 1, 1],
      [8, 1, 1, 1],
    ];
    const refused = { code: 'ERR_EVENTS_ENCODE', details: { index: 2 } };
    const prophesee = await openHdf5Writer(join(folder, 'back.h5'), { layout: 'prophesee' });
    await prophesee.write({ events: slotOf(back), triggers: createTriggerSlot(0) });
    await expect(prophesee.finish()).rejects.toMatchObject(refused);
    await expect(write(back, { layout: 'dsec' })).rejects.toMatchObject(refused);
    expect((await read(await write(back, { layout: 'columns' }))).rows).toEqual(big(back));
    const far = await openHdf5Writer(join(folder, 'far.h5'), { layout: 'prophesee' });
    await far.write({ events: slotOf([[1, 2048, 0, 1]]), triggers: createTriggerSlot(0) });
    await expect(far.finish()).rejects.toThrow('past the pixel 2047');
  });

  it('keeps nanoseconds where they come, and refuses layouts that have none', async () => {
    const path = await write([[1_500, 1, 2, 1]], { resolution: 'ns' });
    expect((await read(path)).rows).toEqual([[2n, 1, 2, 1]]);
    expect((await read(path, { resolution: 'ns' })).rows).toEqual([[1500n, 1, 2, 1]]);
    await expect(write(rows, { layout: 'prophesee', resolution: 'ns' })).rejects.toMatchObject({
      code: 'ERR_EVENTS_OPTIONS',
    });
  });
});

describe('openHdf5Source()', () => {
  it('takes unit, layout and columns of an array as they are declared, and refuses to guess', async () => {
    const path = await write([[1, 2, 3, 1]], { layout: 'array' });
    // The attributes that say both, under other names.
    const bytes = readFileSync(path);
    for (const name of ['unit\0', 'columns\0']) bytes.write('q', bytes.indexOf(name));
    writeFileSync(path, bytes);
    await expect(read(path)).rejects.toMatchObject({ code: 'ERR_EVENTS_TIME_UNIT' });
    const options = { timeUnit: 'ms', columns: ['x', 't', 'y', 'p'], layout: 'array' } as const;
    expect((await read(path, options)).rows).toEqual([[2000n, 1, 3, 1]]);
    await expect(read(path, { layout: 'prophesee' })).rejects.toMatchObject({ code: 'ERR_EVENTS_FORMAT' });
  });

  it('gives the polarity that is asked for, counts and drops events outside the geometry', async () => {
    const path = await write(rows.slice(0, 10));
    expect((await read(path, { polarity: 'signed' })).rows[1]![3]).toBe(-1);
    const geometry = { width: 500, height: 720 };
    const source = await openHdf5Source(path, { geometry, dropOutside: true });
    const inside = rows.slice(0, 10).filter(([, x]) => x < 500);
    expect((await drainSource(source)).rows).toEqual(big(inside));
    expect(source.counts).toMatchObject({ events: inside.length, eventsOutside: 10 - inside.length });
  });

  it('names filter and package when chunks went through a filter that nobody here has', async () => {
    const path = await write(rows, { compression: 'blosc' });
    const bytes = readFileSync(path);
    // Filter 32001 becomes 32017 wherever a header names it.
    for (let at = bytes.indexOf('blosc\0'); at >= 0; at = bytes.indexOf('blosc\0', at + 1)) {
      bytes.writeUInt16LE(32017, at - 8);
    }
    writeFileSync(path, bytes);
    await expect(read(path)).rejects.toMatchObject({
      code: 'ERR_EVENTS_FILTER',
      details: { filter: 32017 },
      message: expect.stringContaining('sz, of hdf5plugin'),
    });
  });

  it('names the byte when a file is cut, is another or is a folder', async () => {
    const path = await write(rows);
    const bytes = readFileSync(path);
    const cut = join(folder, 'cut.h5');
    for (const size of [9, 90, 2000, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(cut, bytes.subarray(0, size));
      await expect(read(cut)).rejects.toMatchObject({ code: 'ERR_EVENTS_DATA' });
    }
    writeFileSync(cut, 'no HDF5 at all');
    await expect(read(cut)).rejects.toMatchObject({ code: 'ERR_EVENTS_FORMAT', details: { byte: 0 } });
    await expect(read(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('ends with the reason when it is aborted', async () => {
    const source = await openHdf5Source(await write(rows));
    const reason = new Error('enough');
    await expect(source.fill(createEventSlot(10), undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
    await source[Symbol.asyncDispose]();
  });

  it('ends with events or a typed error when bytes of headers and chunks are changed at random', async () => {
    const random = createPrintedRandom('changed HDF5 files');
    const few = rows.slice(0, 300);
    const paths = await Promise.all([
      write(few, { compression: 'gzip' }),
      write(few, { layout: 'prophesee' }),
      write(few, { layout: 'dsec', compression: 'blosc' }),
    ]);
    const changed = join(folder, 'changed.h5');
    let refused = 0;
    for (let i = 0; i < 450; i++) {
      const bytes = readFileSync(paths[i % paths.length]!);
      // Most of a small file is rows that no event fills: the headers stand at its end.
      const from = i % 3 === 0 ? 0 : Math.max(0, bytes.length - 12_000);
      for (let j = 0; j <= i % 3; j++) {
        bytes[from + Math.floor(random() * (bytes.length - from))] = Math.floor(random() * 256);
      }
      writeFileSync(changed, bytes);
      try {
        const source = await openHdf5Source(changed);
        const slot = createEventSlot(4096);
        for (let pieces = 0; pieces < 5 && (await source.fill(slot)); pieces++) slot.length = 0;
        await source[Symbol.asyncDispose]();
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_EVENTS_/) });
      }
    }
    expect(refused).toBeGreaterThan(40);
  });
});
