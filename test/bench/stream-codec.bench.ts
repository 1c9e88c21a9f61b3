// stream.msgpack: our MessagePack codec beside the same codec made of a library. A batch of events becomes bytes
// and the bytes of that library events again: rows of the real capture, and process rows like a scan's.
// What the libraries cannot write is in test/conformance/stream/msgpack-libraries.test.ts
import { strict as assert } from 'node:assert';
import { buildAdrView, memoryKind } from '../../src/core/index.ts';
import type { AnyRow } from '../../src/core/index.ts';
import { createStreamCodec } from '../../src/stream/codecs/codec.ts';
import type { RecordEvent, StreamTable } from '../../src/stream/stream-contract.ts';
import { readCapture } from '../support/collect/capture-fixture.ts';
import { createMsgpackCodec, createMsgpackrCodec } from '../support/stream/msgpack-libraries.ts';
import { processBatches } from '../support/export/process-batches.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const BATCH_ROWS = 1000;
const ROUNDS = 40;

function memoryEvents(): RecordEvent[] {
  const view = buildAdrView('memory', memoryKind);
  const rows = readCapture().slice(0, BATCH_ROWS);
  return rows.map((row, i) => toRecord('memory', i, view.toRow(row as AnyRow)));
}

function processEvents(): RecordEvent[] {
  const [batch] = processBatches(BATCH_ROWS);
  const safe = (name: string, value: unknown): unknown =>
    typeof value === 'bigint' && name !== 'name_hash' ? Number(value) : value;
  const rows = batch!.toArray().map((row) => Object.entries(row.toJSON()));
  return rows.map((row, i) =>
    toRecord(
      'process',
      i,
      Object.fromEntries(row.map(([name, value]) => [name, safe(name, value)])) as AnyRow,
    ),
  );
}

const toRecord = (table: StreamTable, i: number, row: AnyRow): RecordEvent => ({
  type: 'record',
  table,
  sequence: i + 1,
  row,
});

/** Rows a second over some rounds. */
function rate(rows: number, act: () => unknown): () => Promise<number> {
  return async () => {
    const started = performance.now();
    for (let i = 0; i < ROUNDS; i++) act();
    return (rows * ROUNDS * 1000) / (performance.now() - started);
  };
}

async function* cases(): AsyncIterable<BenchCase> {
  const ours = createStreamCodec('msgpack');
  for (const [table, events] of [
    ['memory', memoryEvents()],
    ['process', processEvents()],
  ] as const) {
    const rows = events.length;
    for (const library of [createMsgpackrCodec(), createMsgpackCodec()]) {
      const message = ours.encode(events);
      // The same events from the same bytes, or the comparison means nothing.
      assert.deepEqual(library.decode(message), ours.decode(message));
      const common = {
        bench: 'stream.msgpack',
        unit: 'rows/s',
        better: 'higher',
        anchorName: library.name,
        runs: 9,
        goal: (_: number, ratio: number | null) => ratio! > 1,
      } as const;
      yield {
        ...common,
        case: `encode ${rows} ${table} rows, beside ${library.name}`,
        ours: rate(rows, () => ours.encode(events)),
        anchor: rate(rows, () => library.encode(events)),
      };
      yield {
        ...common,
        case: `decode ${rows} ${table} rows, beside ${library.name}`,
        ours: rate(rows, () => ours.decode(message)),
        anchor: rate(rows, () => library.decode(message)),
      };
    }
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'stream.msgpack', cases }];
