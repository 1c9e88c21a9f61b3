// What travels: identities, batches and the frames of an outbox, whole and damaged.
import * as fc from 'fast-check';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { memoryKind, processKind, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import { decodeFleetBatch } from '../../../src/fleet/decode-fleet-batch.ts';
import { encodeFleetBatch } from '../../../src/fleet/encode-fleet-batch.ts';
import { decodeSegmentFile, encodeBatchFrame, encodeHead } from '../../../src/fleet/publish/outbox-layout.ts';
import { formatBatchId, parseBatchId } from '../../../src/fleet/subjects.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

describe('parseBatchId()', () => {
  it('parses what was formatted, and nothing that names a folder or lacks a part', () => {
    const id = { host: 'rack-7_a', epoch: 'mx2jh9l4c4443f5f', kind: 'memory', sequence: 12 };
    expect(parseBatchId(formatBatchId(id))).toEqual(id);
    for (const text of [
      '',
      'a.b.memory.1',
      '../x.epoch1.memory.1',
      'h.epoch1.memory.0',
      'h.epoch1.memory.1e3',
    ])
      expect(parseBatchId(text)).toBe(null);
  });
});

/** Every column of a process. */
const processRow = (value: number): AnyRow =>
  Object.fromEntries(processKind.fields.map(({ name, type }) => [name, type === 'utf8' ? 'name' : value]));

describe('decodeFleetBatch()', () => {
  it('gives the rows that were encoded', async () => {
    const rows = pressuredSnapshots(50);
    const batch = decodeFleetBatch('memory', await encodeFleetBatch(memoryKind, rows));
    expect(rowsOf(memoryKind, batch).map((row) => row['mem_available_kib'])).toEqual(
      rows.map((row) => row.mem_available_kib),
    );
  });

  it('gives texts, and nulls where they are missing', async () => {
    const rows = ['redis', 'é', ''].map((name, i) => ({
      ...processRow(i),
      name,
      private_kib: i === 1 ? null : i,
    }));
    const batch = decodeFleetBatch('process', await encodeFleetBatch(processKind, rows));
    expect(rowsOf(processKind, batch)).toEqual(rows);
  });

  it('gives rows or throws, and ends, whatever byte of the Arrow stream was changed', async () => {
    const good = zstdDecompressSync(await encodeFleetBatch(memoryKind, pressuredSnapshots(3)));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(good);
        bytes[at]! ^= flip;
        try {
          expect(decodeFleetBatch('memory', zstdCompressSync(bytes)).numRows).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 200 },
    );
    expect(() => decodeFleetBatch('memory', zstdCompressSync(Buffer.from('no Arrow')))).toThrow(Error);
  });
});

describe('decodeSegmentFile()', () => {
  const head = { epoch: 'epoch1', next: { memory: 4 }, lastMs: { memory: 1000 } };
  const frames = [4, 5, 6].map((sequence) => {
    const meta = { kind: 'memory', sequence, rows: 1, lastMs: sequence };
    return encodeBatchFrame(meta, Buffer.from(`payload ${sequence}`)).frame;
  });
  const file = Buffer.concat([encodeHead(head), ...frames]);

  it('finds head, batches and payloads', () => {
    const { batches, goodEnd, head: found } = decodeSegmentFile(file);
    expect({ found, goodEnd }).toEqual({ found: head, goodEnd: file.length });
    const payloads = batches.map(({ offset, length }) => file.toString('utf8', offset, offset + length));
    expect(payloads).toEqual(['payload 4', 'payload 5', 'payload 6']);
  });

  it('ends before the first frame that was cut or changed, wherever that is', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), (at) => {
        const cut = decodeSegmentFile(file.subarray(0, at));
        expect(cut.goodEnd).toBeLessThanOrEqual(at);
        const changed = Buffer.from(file);
        changed[at]! ^= 0x55;
        const { goodEnd, batches } = decodeSegmentFile(changed);
        expect(goodEnd).toBeLessThanOrEqual(at);
        expect(batches.every(({ offset, length }) => offset + length <= at)).toBe(true);
      }),
    );
  });
});
