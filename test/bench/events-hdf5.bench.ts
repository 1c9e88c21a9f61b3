// events.hdf5: HDF5 file → columns beside h5py with hdf5plugin, for each compression; ECF, which h5py cannot read, alone.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openHdf5Source, openHdf5Writer } from '../../src/events/hdf5/index.ts';
import { createEventSlot, createTriggerSlot } from '../../src/events/model/index.ts';
import { python } from '../support/python.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const EVENTS = 4_000_000;
/** Events of a batch. */
const SLOT_EVENTS = 1 << 18;
const GOAL_RATIO = 1;
const peerScript = join(import.meta.dirname, 'events-hdf5-peer.py');

/** Million events a second out of a file that is in the page cache. */
async function readOurs(path: string): Promise<number> {
  const slot = createEventSlot(SLOT_EVENTS);
  const start = performance.now();
  await using source = await openHdf5Source(path);
  let events = 0;
  for (let isMore = true; isMore; slot.length = 0) {
    isMore = await source.fill(slot);
    events += slot.length;
  }
  if (events !== EVENTS) throw new Error(`${events} events of ${path} were read`);
  return EVENTS / 1e3 / (performance.now() - start);
}

/** The same events in Prophesee's layout. */
async function writeEcf(from: string, to: string): Promise<void> {
  const slot = createEventSlot(SLOT_EVENTS);
  const triggers = createTriggerSlot(0);
  await using source = await openHdf5Source(from);
  const writer = await openHdf5Writer(to, { layout: 'prophesee' });
  for (let isMore = true; isMore; slot.length = 0) {
    isMore = await source.fill(slot);
    await writer.write({ events: slot, triggers });
  }
  await writer.finish();
}

/** Cases of events.hdf5. */
const topic: BenchTopic = {
  name: 'events.hdf5',
  async *cases(): AsyncGenerator<BenchCase> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-hdf5-'));
    const peer = spawn(python, [peerScript, 'read'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
    const readTheirs = async (path: string): Promise<number> => {
      peer.stdin.write(`${path}\n`);
      const { value } = await lines.next();
      return EVENTS / 1e6 / Number(value);
    };
    try {
      execFileSync(python, [peerScript, 'write', folder, String(EVENTS)]);
      const shared = { bench: 'events.hdf5', unit: 'M events/s', better: 'higher' } as const;
      for (const name of ['none', 'gzip', 'zstd', 'blosc-lz4', 'blosc-zstd']) {
        const path = join(folder, `${name}.h5`);
        yield {
          ...shared,
          case: `columns, ${name}`,
          anchorName: 'h5py with hdf5plugin, slices of 1 Mi',
          ours: () => readOurs(path),
          anchor: () => readTheirs(path),
          goal: (_, ratio) => ratio! >= GOAL_RATIO,
        };
      }
      const path = join(folder, 'ecf.h5');
      await writeEcf(join(folder, 'none.h5'), path);
      yield {
        ...shared,
        case: 'Prophesee, ECF',
        anchorName: 'none: no package for Python has the filter',
        ours: () => readOurs(path),
        anchor: null,
      };
    } finally {
      peer.stdin.end();
      await once(peer, 'exit');
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

export const topics: readonly BenchTopic[] = [topic];
