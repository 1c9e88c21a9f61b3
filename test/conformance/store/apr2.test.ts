import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TunerDataCollector, loadApr, saveApr } from '../../../src/index.ts';
import type { TrainingSample } from '../../../src/index.ts';
import { arbitrarySample } from '../../support/store/samples.ts';
import { python } from '../../support/python.ts';

const script = join(import.meta.dirname, '../../support/store/make-apr2.py');
const golden = join(import.meta.dirname, '../../golden/apr2');

interface PythonReport {
  readonly magic: string;
  readonly whole: boolean;
  readonly crc: boolean;
  readonly same_bytes: boolean;
  readonly samples: TrainingSample[];
}

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-apr2-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function runPython(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [script, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

describe('APR2 files', () => {
  it('saveApr() writes what an independent Python writer writes for the same samples', async () => {
    const samples = fc.sample(arbitrarySample, { numRuns: 2000, seed: 7 });
    const path = join(root, 'ours.apr');
    await saveApr(path, TunerDataCollector.fromSamples(samples));
    const report = JSON.parse(runPython('read', path)) as PythonReport;
    expect(report).toMatchObject({ magic: 'APR2', whole: true, crc: true, same_bytes: true });
    const singles = report.samples.map(({ features, label }) => ({
      features: {
        ...features,
        usage_percent: Math.fround(features.usage_percent),
        usage_trend: Math.fround(features.usage_trend),
        top_process_percent: Math.fround(features.top_process_percent),
        page_file_ratio: Math.fround(features.page_file_ratio),
      },
      label,
    }));
    expect(singles).toEqual(samples);
  });

  it('loadApr() reads what Python writes, and the golden files are still what it writes', async () => {
    runPython('write', root);
    for (const name of await readdir(golden)) {
      expect(await readFile(join(root, name))).toEqual(await readFile(join(golden, name)));
    }
    expect((await loadApr(join(root, 'many.apr'))).length).toBe(120);
    expect((await loadApr(join(root, 'empty.apr'))).length).toBe(0);
  });
});
