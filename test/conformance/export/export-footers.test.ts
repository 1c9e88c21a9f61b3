// Footers that others made, decoded and encoded again: pyarrow finds everything in them that was there before.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { decodeFooter, encodeFooter, footerStart } from '../../../src/pipeline/files/parquet-footer.ts';

const repository = join(import.meta.dirname, '../../..');

async function runPython(script: string, ...args: string[]): Promise<string> {
  const path = join(repository, 'test/support/export', script);
  return (await promisify(execFile)(join(repository, '.venv/bin/python'), [path, ...args])).stdout;
}

it('encodeFooter() gives the footers of pyarrow, Polars and DuckDB back when they were decoded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-footers-'));
  try {
    await runPython('make-parquet.py', folder);
    for (const writer of ['pyarrow', 'polars', 'duckdb']) {
      const path = join(folder, `${writer}.parquet`);
      const again = join(folder, `${writer}-again.parquet`);
      const file = await readFile(path);
      const whole = [file.subarray(0, footerStart(file)), encodeFooter(decodeFooter(file))];
      await writeFile(again, Buffer.concat(whole));
      const differences = JSON.parse(await runPython('compare-footers.py', path, again)) as string[];
      expect(differences, writer).toEqual([]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
