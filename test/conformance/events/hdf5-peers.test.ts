// HDF5 recordings against h5py and hdf5plugin: what they write is read, what is written they read.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHdf5Source, openHdf5Writer } from '../../../src/events/hdf5/index.ts';
import type { Hdf5WriteOptions } from '../../../src/events/hdf5/index.ts';
import { createEventSlot, createTriggerSlot, viewEvents } from '../../../src/events/model/index.ts';
import type { EventSlot, TriggerSlot } from '../../../src/events/model/index.ts';
import { triggersIn } from '../../support/events/drain-source.ts';
import { python } from '../../support/python.ts';

const folder = mkdtempSync(join(tmpdir(), 'events-hdf5-'));
const peer = join(import.meta.dirname, 'hdf5_peer.py');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The columns that every file holds. */
let expected: Record<'t' | 'x' | 'y' | 'p', BigInt64Array>;

beforeAll(() => {
  execFileSync(python, [peer, 'write', folder]);
  const column = (name: string): BigInt64Array =>
    new BigInt64Array(new Uint8Array(readFileSync(join(folder, `${name}.bin`))).buffer);
  expected = { t: column('t'), x: column('x'), y: column('y'), p: column('p') };
});

async function readAll(name: string): Promise<{ events: EventSlot; triggers: TriggerSlot; layout: string }> {
  await using source = await openHdf5Source(join(folder, name));
  const events = createEventSlot(source.totalEvents!);
  const triggers = createTriggerSlot(100);
  while (await source.fill(events, triggers));
  return { events, triggers, layout: source.header['layout']! };
}

/** Places where a column differs. */
function differences(events: EventSlot): number {
  let count = Math.abs(events.length - expected.t.length);
  for (let i = 0; i < events.length; i++) {
    const isSame =
      events.t[i] === expected.t[i] &&
      BigInt(events.x[i]!) === expected.x[i] &&
      BigInt(events.y[i]!) === expected.y[i] &&
      BigInt(events.p[i]!) === expected.p[i];
    if (!isSame) count++;
  }
  return count;
}

describe('openHdf5Source()', () => {
  it('gives the columns that h5py wrote when the file has any layout, version and compression', async () => {
    const wrong: string[] = [];
    const names = readdirSync(folder).filter((name) => name.endsWith('.h5'));
    for (const name of names) {
      const { events } = await readAll(name);
      if (differences(events) > 0) wrong.push(name);
    }
    expect(wrong).toEqual([]);
    expect(names.length).toBeGreaterThan(100);
  });

  it.each([
    ['dsec-latest.h5', 'dsec'],
    ['evlib-earliest.h5', 'columns'],
    ['v2e-v110.h5', 'array'],
    ['prophesee-ecf-latest.h5', 'prophesee'],
    ['soft-link-latest.h5', 'columns'],
  ])('tells the layout of %s', async (name, layout) => {
    expect((await readAll(name)).layout).toBe(layout);
  });

  it.each(['prophesee-ecf-earliest.h5', 'prophesee-gzip-latest.h5'])(
    'gives the external triggers of %s',
    async (name) => {
      expect(triggersIn((await readAll(name)).triggers)).toEqual([
        [1_000_100n, 0, 1],
        [1_000_200n, 0, 0],
        [1_000_300n, 3, 1],
      ]);
    },
  );
});

describe('openHdf5Writer()', () => {
  it('writes files that h5py reads as they were when layout and compression are any', async () => {
    const { events, triggers } = await readAll('prophesee-ecf-latest.h5');
    const plans: Hdf5WriteOptions[] = [
      { layout: 'columns', compression: 'none' },
      { layout: 'columns', compression: 'gzip' },
      { layout: 'columns', compression: 'zstd' },
      { layout: 'columns', compression: 'blosc' },
      { layout: 'dsec', compression: 'blosc' },
      { layout: 'array', compression: 'zstd' },
      { layout: 'prophesee' },
    ];
    const paths = plans.map(({ layout, compression }) => join(folder, `ours-${layout}-${compression}.h5`));
    for (const [i, path] of paths.entries()) {
      const writer = await openHdf5Writer(path, { ...plans[i], geometry: { width: 1280, height: 720 } });
      const none = createTriggerSlot(0);
      for (let from = 0; from < events.length; from += 7777) {
        const part = viewEvents(events, from, Math.min(events.length, from + 7777));
        await writer.write({ events: part, triggers: from === 0 ? triggers : none });
      }
      await writer.finish();
      const back = await readAll(`ours-${plans[i]!.layout}-${plans[i]!.compression}.h5`);
      expect(differences(back.events), path).toBe(0);
    }
    const answers = JSON.parse(execFileSync(python, [peer, 'read', folder, ...paths]).toString()) as Record<
      string,
      { same: boolean; triggers: unknown }
    >;
    expect(Object.keys(answers)).toHaveLength(plans.length);
    expect(Object.entries(answers).filter(([, { same }]) => !same)).toEqual([]);
    expect(answers['ours-prophesee-undefined.h5']!.triggers).toEqual([
      [1, 1_000_100, 0],
      [0, 1_000_200, 0],
      [1, 1_000_300, 3],
    ]);
  });
});
