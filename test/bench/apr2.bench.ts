// What recording one training sample costs: an append to the journal beside rewriting the whole APR2 file, as
// the document's record_and_persist does. Twice: as the document writes (no sync, a crash may lose the file) and
// as durably as ours. Both start with the same number of samples; the disk is the host's temporary directory.
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { TrainingSample } from '../../src/core/index.ts';
import { openSampleStore } from '../../src/store/index.ts';
import type { SampleStore } from '../../src/store/index.ts';
import { numberedSample } from '../support/store/samples.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const APPENDS = 20;

async function microsecondsEach(count: number, act: (i: number) => Promise<void>): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < count; i++) await act(i);
  return ((performance.now() - started) * 1000) / count;
}

/** The file with the runtime's own number formatting, which is faster than ours. */
function plainApr(samples: readonly TrainingSample[]): Buffer {
  const json = Buffer.from(JSON.stringify(samples));
  const file = Buffer.concat([Buffer.from('APR2'), Buffer.alloc(4), json, Buffer.alloc(4)]);
  file.writeUInt32LE(json.length, 4);
  file.writeUInt32LE(crc32(json), 8 + json.length);
  return file;
}

/** The document's way: all samples as JSON, one new file. */
function rewriter(path: string, samples: TrainingSample[], isDurable: boolean): (i: number) => Promise<void> {
  return async (i) => {
    samples.push(numberedSample(i));
    const bytes = plainApr(samples);
    if (!isDurable) return writeFile(path, bytes);
    await using handle = await open(`${path}.tmp`, 'w');
    await handle.writeFile(bytes);
    await handle.sync();
    await rename(`${path}.tmp`, path);
  };
}

function appendCase(
  name: string,
  store: SampleStore,
  rewrite: (i: number) => Promise<void>,
  anchorName: string,
): BenchCase {
  return {
    bench: 'apr2.append',
    case: name,
    unit: 'µs a sample',
    better: 'lower',
    anchorName,
    ours: () => microsecondsEach(APPENDS * 2, (i) => store.recordAndPersist(numberedSample(i))),
    anchor: () => microsecondsEach(APPENDS, rewrite),
    goal: (_, ratio) => ratio !== null && ratio > 1,
  };
}

async function* cases(): AsyncIterable<BenchCase> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-apr2-bench-'));
  try {
    for (const count of [1000, 10_000]) {
      const samples = Array.from({ length: count }, (_, i) => numberedSample(i));
      await using store = await openSampleStore(join(directory, `ours-${count}.apr`));
      await store.recordAndPersist(...samples);
      await store.save();
      for (const [how, isDurable] of [
        ['no sync, as the document', false],
        ['synced, as ours', true],
      ] as const) {
        const path = join(directory, `theirs-${count}-${isDurable}.apr`);
        const rewrite = rewriter(path, [...samples], isDurable);
        yield appendCase(`${count} samples, ${how}`, store, rewrite, `rewriting the file, ${how}`);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'apr2.append', cases }];
