// The four formats of data streams: what goes in comes out, however the bytes are cut. Other readers and
// writers: test/conformance/stream/stream-golden.test.ts. Hostile bytes: stream-codec-hostile.test.ts
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildAdrView,
  memoryKind,
  optional,
  optimizationKind,
  processKind,
} from '../../../../src/core/index.ts';
import type { AnyRow, Field, FieldType, RecordKind } from '../../../../src/core/index.ts';
import { createStreamCodec } from '../../../../src/stream/codecs/codec.ts';
import {
  DataEventSchema,
  MemorySnapshotSchema,
  OptimizationEventSchema,
  ProcessRecordSchema,
} from '../../../../src/stream/codecs/generated/stream_pb.ts';
import { protobufColumnsOf } from '../../../../src/stream/codecs/protobuf-columns.ts';
import { publishedKinds } from '../../../../src/stream/published-kinds.ts';
import { streamFormats, streamTables } from '../../../../src/stream/stream-contract.ts';
import type { StreamEvent, StreamKinds, StreamTable } from '../../../../src/stream/stream-contract.ts';
import { sampleEvents } from '../../../support/stream/stream-events.ts';

const safe = { min: 1 - 2 ** 53, max: 2 ** 53 - 1 };
/** No infinities: JSON has none. */
const finite = { noNaN: true, noDefaultInfinity: true };
const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed());
const values: Readonly<Record<FieldType, fc.Arbitrary<AnyRow[string]>>> = {
  timestamp: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  int64: fc.maxSafeInteger(),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  int8: fc.integer({ min: -128, max: 127 }),
  float32: fc.float(finite),
  float64: fc.double(finite),
  bool: fc.boolean(),
  utf8: text,
};
const valueOf = ({ name, type }: Field): fc.Arbitrary<AnyRow[string]> =>
  name === 'timestamp' ? values.timestamp : fc.option(values[type], { freq: 4 });
const rowOf = (kind: RecordKind): fc.Arbitrary<AnyRow> =>
  fc.record(Object.fromEntries(kind.fields.map((field) => [field.name, valueOf(field)])), {
    noNullPrototype: true,
  });
const count = fc.integer({ min: 0, max: safe.max });
const table = fc.constantFrom(...streamTables);
const recordOf = (name: StreamTable): fc.Arbitrary<StreamEvent> =>
  fc.record({
    type: fc.constant('record' as const),
    table: fc.constant(name),
    sequence: count,
    row: rowOf(publishedKinds[name]),
  });
const gap: fc.Arbitrary<StreamEvent> = fc.record({
  type: fc.constant('gap' as const),
  table,
  fromSequence: count,
  toSequence: count,
  dropped: count,
  reason: fc.constantFrom('overflow' as const, 'expired' as const),
});
const hello: fc.Arbitrary<StreamEvent> = fc
  .record({
    epoch: text,
    tables: fc.shuffledSubarray([...streamTables], { minLength: 1 }),
    anonymized: fc.boolean(),
    sequence: fc.option(count),
    timestamp: fc.option(values.timestamp as fc.Arbitrary<number>),
    repeats: fc.option(count),
  })
  .map(({ sequence, timestamp, repeats, ...rest }) => ({
    type: 'hello',
    ...rest,
    sequences: sequence === null ? {} : { [rest.tables[0]!]: sequence },
    timestamps: timestamp === null ? {} : { [rest.tables[0]!]: timestamp },
    ...(repeats === null ? {} : { repeats: { [rest.tables[0]!]: repeats } }),
  }));
const events = fc.array(fc.oneof(...streamTables.map(recordOf), gap, hello), { maxLength: 12 });

describe.each(streamFormats)('createStreamCodec("%s")', (format) => {
  const codec = createStreamCodec(format);

  it('decode() gives back what encode() took, every type exactly', () => {
    const property = fc.property(events, (list) => {
      expect(codec.decode(codec.encode(list))).toEqual(list);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('push() gives the same events however the bytes are cut', () => {
    const list = sampleEvents(40);
    const bytes = codec.encode(list);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 }), (cuts) => {
        const decoder = codec.createDecoder();
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, i) => bytes.slice(places[i], end));
        expect(pieces.flatMap((piece) => decoder.push(piece))).toEqual(list);
        decoder.end();
      }),
      { numRuns: 30 },
    );
  });

  it('encode() of events one by one, joined, decodes as one message', () => {
    const list = sampleEvents(30);
    const joined = Buffer.concat(list.map((event) => codec.encode([event])));
    expect(codec.decode(joined)).toEqual(list);
  });

  it('encode() returns memory of its own', () => {
    const [first, second] = [sampleEvents(5, 1), sampleEvents(5, 2)];
    const bytes = codec.encode(first);
    codec.encode(second);
    expect(codec.decode(bytes)).toEqual(first);
  });

  it('encode() of no events is an empty message', () => {
    expect(codec.encode([])).toHaveLength(0);
    expect(codec.decode(new Uint8Array())).toEqual([]);
  });

  it('decode() reads a view into larger memory', () => {
    const list = sampleEvents(10);
    const bytes = codec.encode(list);
    const larger = new Uint8Array(bytes.length + 13);
    larger.set(bytes, 3);
    expect(codec.decode(larger.subarray(3, 3 + bytes.length))).toEqual(list);
  });

  it('decode() gives every published column of a sender that has fewer', () => {
    const kinds = anonymisedKinds();
    const row = { timestamp: 5, name_hash: 9n, working_set_mb: 1.5 };
    const bytes = createStreamCodec(format, kinds).encode([
      { type: 'record', table: 'process', sequence: 1, row },
    ]);
    const [event] = codec.decode(bytes);
    const columns = Object.fromEntries(publishedKinds.process.fields.map(({ name }) => [name, null]));
    expect(event).toEqual({
      type: 'record',
      table: 'process',
      sequence: 1,
      row: { ...columns, ...row },
    });
  });

  it('decode() refuses a message cut anywhere', () => {
    const bytes = codec.encode(sampleEvents(3));
    const whole = new Set<number>([0]);
    for (const n of [1, 2, 3]) whole.add(codec.encode(sampleEvents(3).slice(0, n)).length);
    for (let length = 1; length < bytes.length; length++) {
      if (whole.has(length)) continue;
      expect(() => codec.decode(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'ERR_WIRE_STREAM_DECODE' }),
      );
    }
  });

  it('end() says that an event was cut short, and nothing after whole ones', () => {
    const bytes = codec.encode(sampleEvents(3));
    const decoder = codec.createDecoder();
    decoder.push(bytes);
    decoder.end();
    decoder.push(bytes.subarray(0, 5));
    expect(() => decoder.end()).toThrow('the stream ends within an event');
  });
});

describe('stream.proto', () => {
  const views: StreamKinds = {
    memory: buildAdrView('memory', memoryKind).kind,
    process: buildAdrView('process', processKind).kind,
    optimization: buildAdrView('optimization', optimizationKind).kind,
  };

  it.each(streamTables)('has a field for every column users see of "%s"', (name) => {
    expect(protobufColumnsOf(name, views)).toHaveLength(views[name].fields.length);
    expect(protobufColumnsOf(name, publishedKinds)).toHaveLength(publishedKinds[name].fields.length);
  });

  it('has no field that is not a published column', () => {
    for (const [name, message] of [
      ['memory', MemorySnapshotSchema],
      ['process', ProcessRecordSchema],
      ['optimization', OptimizationEventSchema],
    ] as const) {
      const columns = publishedKinds[name].fields.map((field) => field.name);
      expect(message.fields.map((field) => field.name).sort()).toEqual([...columns].sort());
      expect(DataEventSchema.field[name].message).toBe(message);
    }
  });

  it('createStreamCodec() says which column has no field', () => {
    const fields = [...publishedKinds.memory.fields, optional('invented_kib', 'int64', 'KiB', 'test')];
    const kinds = { ...publishedKinds, memory: { ...publishedKinds.memory, fields } };
    expect(() => createStreamCodec('protobuf', kinds)).toThrow('"invented_kib"');
  });
});

describe('createStreamCodec() of JSON Lines', () => {
  const lineOf = (row: AnyRow): string =>
    Buffer.from(
      createStreamCodec('jsonlines').encode([{ type: 'record', table: 'memory', sequence: 1, row }]),
    )
      .toString()
      .trim();

  it('writes a float with a point, so that no reader takes its column for integers', () => {
    const line = lineOf({
      timestamp: 0,
      total_mb: 3,
      available_mb: -0,
      used_percent: 52.3,
      processes_count: 3,
    });
    expect(line).toContain('"total_mb":3.0,"available_mb":-0.0,"used_percent":52.3,');
    expect(line).toContain('"processes_count":3,');
    expect(line).toContain('"timestamp":"1970-01-01T00:00:00.000Z"');
  });

  it('writes null for what is not finite', () => {
    const line = lineOf({
      timestamp: 0,
      total_mb: Number.NaN,
      available_mb: Infinity,
      used_percent: -Infinity,
    });
    expect(line).toContain('"total_mb":null,"available_mb":null,"used_percent":null');
  });
});

it.each(['msgpack', 'protobuf', 'arrow'] as const)(
  'createStreamCodec() of %s carries NaN and infinities',
  (format) => {
    const codec = createStreamCodec(format);
    const row = { timestamp: 0, total_mb: Number.NaN, available_mb: Infinity, used_percent: -Infinity };
    const [event] = codec.decode(codec.encode([{ type: 'record', table: 'memory', sequence: 1, row }]));
    expect(event).toMatchObject({ row });
  },
);

function anonymisedKinds(): StreamKinds {
  const fields = publishedKinds.process.fields.filter(({ name }) => name !== 'name' && name !== 'pid');
  return { ...publishedKinds, process: { ...publishedKinds.process, fields } };
}
