// Thrift footers that others made: what is decoded is encoded to the same bytes.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { decodeThrift, encodeThrift } from '../../../src/export/thrift-compact.ts';

const repository = join(import.meta.dirname, '../../..');

it('encodeThrift() gives the bytes of footers by pyarrow, Polars and DuckDB back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-footers-'));
  try {
    const script = join(repository, 'test/support/export/make-parquet.py');
    await promisify(execFile)(join(repository, '.venv/bin/python'), [script, folder]);
    for (const writer of ['pyarrow', 'polars', 'duckdb']) {
      const file = await readFile(join(folder, `${writer}.parquet`));
      const length = file.readUInt32LE(file.length - 8);
      const footer = file.subarray(file.length - 8 - length, file.length - 8);
      const decoded = decodeThrift(footer);
      expect(decoded.length).toBeGreaterThan(3);
      expect(Buffer.from(encodeThrift(decoded)).equals(footer), writer).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
