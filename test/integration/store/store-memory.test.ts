// A history whose clock went wrong is exported in as much memory as one whose clock did not.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pl from 'nodejs-polars';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../support/store/clock-history.ts');
const ROWS = 300_000;
/** What a merge may hold beside the one batch of before (docs/design.md), with what the collector leaves lying. */
const MORE_MIB = 128;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-store-memory-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

interface Exported {
  readonly rows: number;
  readonly peakMib: number;
}

async function exportAlone(shape: string): Promise<Exported> {
  const { stdout } = await run(process.execPath, [
    script,
    'export',
    join(root, shape),
    join(root, `${shape}.parquet`),
  ]);
  return JSON.parse(stdout) as Exported;
}

/** Times, and a column that says which row each one is. */
function readExport(shape: string): { times: number[]; dirty: number[] } {
  const frame = pl.readParquet(join(root, `${shape}.parquet`));
  const [time = ''] = frame.columns;
  return {
    times: frame.getColumn(time).cast(pl.Int64).toArray().map(Number),
    dirty: frame.getColumn('dirty_kib').toArray().map(Number),
  };
}

describe('an export of a history of 300,000 rows', () => {
  it('exportRange() takes no more memory and gives all rows in order when one row is from 2030, one from 1970 and an hour was written by a clock set back', async () => {
    const base = join(root, 'straight');
    await run(process.execPath, [script, 'write', base, String(ROWS), 'straight']);
    await run(process.execPath, [script, 'write', join(root, 'stepped'), String(ROWS), 'stepped', base]);
    const [straight, stepped] = await Promise.all(['straight', 'stepped'].map(exportAlone));
    expect([straight!.rows, stepped!.rows]).toEqual([ROWS, ROWS]);
    expect(stepped!.peakMib - straight!.peakMib).toBeLessThan(MORE_MIB);
    const rows = readExport('straight');
    const claimed = rows.times.map((time, i) => {
      if (i === 50_000) return Date.UTC(2030, 0, 1);
      if (i === 100_000) return 0;
      return i >= 150_000 && i < 153_600 ? time - 7_200_000 : time;
    });
    const order = Array.from(claimed.keys()).sort((a, b) => claimed[a]! - claimed[b]! || a - b);
    const found = readExport('stepped');
    expect(found.times).toEqual(order.map((i) => claimed[i]));
    expect(found.dirty).toEqual(order.map((i) => rows.dirty[i]));
  }, 300_000);
});
