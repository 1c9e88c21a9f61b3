// The real 1 Hz capture that the storage benchmarks seal: recorded by capture-memory.ts on a two-core
// virtual machine while builds, tests and benchmarks ran on it.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { memoryKind } from '../../../src/core/index.ts';
import type { AnyRow, MemorySnapshot } from '../../../src/core/index.ts';

const path = new URL('../../fixtures/capture/memory-1hz.json.gz', import.meta.url);

interface PackedCapture {
  readonly rows: number;
  /** Each column as differences from the row before; the first from 0. */
  readonly deltas: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Reads the capture. */
export function readCapture(): MemorySnapshot[] {
  const packed = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as PackedCapture;
  const rows = Array.from({ length: packed.rows }, (): AnyRow => ({}));
  for (const { name } of memoryKind.fields) {
    let value = 0;
    for (const [i, row] of rows.entries()) {
      const delta = packed.deltas[name]?.[i] ?? null;
      if (delta !== null) value += delta;
      row[name] = delta === null ? null : value;
    }
  }
  return rows as MemorySnapshot[];
}
