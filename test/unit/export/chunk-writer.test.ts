import type * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildRecordBatch, required, rowsOf } from '../../../src/core/index.ts';
import { ChunkWriter } from '../../../src/export/chunk-writer.ts';
import type { ChunkFormat } from '../../../src/export/chunk-writer.ts';

const kind = { name: 't', version: 1, fields: [required('timestamp', 'timestamp', 'ms', 'test')] };
const batchOf = (from: number, rows: number): arrow.RecordBatch =>
  buildRecordBatch(
    kind,
    Array.from({ length: rows }, (_, i) => ({ timestamp: from + i })),
  );

interface Recorded {
  readonly format: ChunkFormat;
  /** Rows of the appended chunks. */
  readonly chunks: number[][];
  readonly calls: string[];
}

/** A format that keeps chunks as JSON; `delay` decides how many turns each takes to encode. */
function createRecorder(chunkRows: number, parallel: number, delay: (chunk: number) => number): Recorded {
  const chunks: number[][] = [];
  const calls: string[] = [];
  let chunk = 0;
  const format: ChunkFormat = {
    chunkRows,
    parallel,
    encode: async (batches) => {
      const rows = batches.flatMap((batch) => rowsOf(kind, batch).map((row) => Number(row['timestamp'])));
      const turns = delay(chunk++);
      if (turns < 0) throw new Error('broken');
      for (let i = 0; i < turns; i++) await Promise.resolve();
      return Buffer.from(JSON.stringify(rows));
    },
    append: async (encoded) => void chunks.push(JSON.parse(Buffer.from(encoded).toString()) as number[]),
    sync: () => Promise.resolve({ bytes: chunks.length }),
    complete: async (isEmpty) => void calls.push(isEmpty ? 'empty' : 'complete'),
    close: async () => void calls.push('close'),
  };
  return { format, chunks, calls };
}

const start = { rows: 0, bytes: 0 };

describe('ChunkWriter', () => {
  it('appends chunks in order, each row once, whatever the batch sizes and the encoders’ haste', async () => {
    const sizes = fc.array(fc.nat({ max: 40 }), { maxLength: 20 });
    const turns = fc.array(fc.nat({ max: 30 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        turns,
        fc.integer({ min: 1, max: 17 }),
        fc.nat({ max: 4 }),
        async (...given) => {
          const [batches, delays, chunkRows, parallel] = given;
          const { format, chunks, calls } = createRecorder(
            chunkRows,
            parallel,
            (at) => delays[at % delays.length]!,
          );
          const writer = new ChunkWriter(format, start);
          let rows = 0;
          for (const size of batches) {
            await writer.write(batchOf(rows, size));
            rows += size;
          }
          await writer.finish();
          expect(chunks.flat()).toEqual(Array.from({ length: rows }, (_, i) => i));
          expect(chunks.slice(0, -1).every((chunk) => chunk.length === chunkRows)).toBe(true);
          expect(calls).toEqual([rows === 0 ? 'empty' : 'complete', 'close']);
        },
      ),
    );
  });

  it('checkpoint() says how many rows are appended, also those of an unfinished chunk', async () => {
    const { format, chunks } = createRecorder(4, 2, () => 9);
    const writer = new ChunkWriter(format, { rows: 100, bytes: 7 });
    await writer.write(batchOf(100, 6));
    expect(await writer.checkpoint()).toEqual({ rows: 106, bytes: 2 });
    expect(chunks).toEqual([
      [100, 101, 102, 103],
      [104, 105],
    ]);
  });

  it('rejects once when an encoder fails, appends nothing behind it and leaves no rejection unheard', async () => {
    const unheard: unknown[] = [];
    const note = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { format, chunks, calls } = createRecorder(2, 3, (chunk) => (chunk === 1 ? -1 : 20 - chunk));
    const writer = new ChunkWriter(format, start);
    await writer.write(batchOf(0, 6));
    // The source takes its time: the failure has nobody who awaits it yet.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(writer.finish()).rejects.toThrow('broken');
    await writer.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(chunks).toEqual([[0, 1]]);
    expect(calls).toEqual(['close']);
    expect(unheard).toEqual([]);
  });
});
