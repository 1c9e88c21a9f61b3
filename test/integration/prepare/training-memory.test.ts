// A training set of four days takes hardly more memory than one of a day: each is built in a process of its own.
import { execFile } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLongHistory } from '../../support/store/long-history.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../support/prepare/train-prepare.ts');
const hours = 96;
const fewHours = 24;
const mostMib = 300;
/** 12 bytes a row are 3 MiB, the features that are kept 16; the rest is what collectors leave lying. */
const moreMib = 48;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-training-memory-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Taken {
  readonly rows: number;
  readonly peakMib: number;
}

async function buildAlone(history: string): Promise<Taken> {
  const { stdout } = await run(process.execPath, [script, history]);
  return JSON.parse(stdout) as Taken;
}

/** A history of the first segments of another one. */
async function linkFirst(from: string, to: string, count: number): Promise<void> {
  const [source, target] = [from, to].map((home) => join(home, 'segments', 'memory')) as [string, string];
  await mkdir(target, { recursive: true });
  const names = (await readdir(source)).sort().slice(0, count);
  for (const name of names) await link(join(source, name), join(target, name));
}

describe('buildHistoryTrainingSet() of a long history', () => {
  it('holds neither rows nor features of more than two days', async () => {
    const [long, short] = [join(root, 'long'), join(root, 'short')];
    await writeLongHistory(long, { hours, processes: 0 });
    await linkFirst(long, short, fewHours);
    const [few, many] = [await buildAlone(short), await buildAlone(long)];
    expect([few.rows, many.rows]).toEqual([fewHours, hours].map((count) => count * 3600 - 70));
    expect(many.peakMib).toBeLessThan(mostMib);
    expect(many.peakMib - few.peakMib).toBeLessThan(moreMib);
  });
});
