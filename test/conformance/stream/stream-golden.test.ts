// Data streams against other implementations: messages that Python's json, msgpack, protobuf and pyarrow
// wrote (test/golden/stream), and our messages read by Python, @msgpack/msgpack and protobuf-es.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { sizeDelimitedPeek } from '@bufbuild/protobuf/wire';
import { decodeMulti } from '@msgpack/msgpack';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { createStreamCodec } from '../../../src/stream/codecs/codec.ts';
import {
  DataEventSchema,
  file_ruvector_telemetry_v1_stream,
} from '../../../src/stream/codecs/generated/stream_pb.ts';
import { streamFormats } from '../../../src/stream/stream-contract.ts';
import type { StreamEvent, StreamFormat } from '../../../src/stream/stream-contract.ts';
import { sampleEvents } from '../../support/stream/stream-events.ts';
import { fromNeutral, readFieldNumbers, readStreamVectors } from '../../support/stream/stream-vectors.ts';
import { python } from '../../support/python.ts';

const root = join(import.meta.dirname, '../../..');
const vectors = readStreamVectors();
const named = (names: readonly (typeof vectors)[number][]) =>
  names.map((vector) => [vector.name, vector] as const);

describe('createStreamCodec() of golden vectors', () => {
  it('takes every file of the folder', () => {
    for (const format of streamFormats) {
      const ofFormat = vectors.filter((vector) => vector.format === format);
      expect(ofFormat.filter((vector) => vector.events).length).toBeGreaterThanOrEqual(12);
      expect(ofFormat.filter((vector) => vector.code).length).toBeGreaterThanOrEqual(13);
    }
  });

  it.each(named(vectors.filter((vector) => vector.events)))('decodes %s', (_name, vector) => {
    const codec = createStreamCodec(vector.format);
    expect(codec.decode(vector.bytes)).toEqual(vector.events);
    const decoder = codec.createDecoder();
    const events = [...vector.bytes].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
    decoder.end();
    expect(events).toEqual(vector.events);
  });

  it.each(named(vectors.filter((vector) => vector.canonical)))('encodes %s exactly', (_name, vector) => {
    const bytes = createStreamCodec(vector.format).encode(vector.events!);
    expect(Buffer.from(bytes).toString('hex')).toBe(vector.bytes.toString('hex'));
  });

  it.each(named(vectors.filter((vector) => vector.code)))('refuses %s', (_name, vector) => {
    const codec = createStreamCodec(vector.format);
    const error = expect.objectContaining({ code: vector.code });
    expect(() => codec.decode(vector.bytes)).toThrow(error);
    const decoder = codec.createDecoder();
    expect(() => {
      decoder.push(vector.bytes);
      decoder.end();
    }).toThrow(error);
  });
});

describe('createStreamCodec() for other readers', () => {
  it.each(streamFormats)('encodes %s that Python reads', (format) => {
    const events = sampleEvents(300);
    expect(readWithPython(format, events)).toEqual(
      createStreamCodec(format).decode(encodeAll(format, events)),
    );
  });

  it('encodes JSON Lines that jq reads', () => {
    const input = encodeAll('jsonlines', sampleEvents(50));
    const query = ['-c', 'select(.event == "record" and .table == "memory") | .total_mb'];
    const { status, stdout } = spawnSync('jq', query, { input, encoding: 'utf8' });
    const expected = sampleEvents(50).flatMap((event) =>
      event.type === 'record' && event.table === 'memory' ? [event.row['total_mb']] : [],
    );
    expect(status).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(expected);
  });

  it('encodes MessagePack that @msgpack/msgpack reads', () => {
    const events = sampleEvents(50);
    const maps = [...decodeMulti(encodeAll('msgpack', events), { useBigInt64: true })] as Map[];
    expect(maps.map((map) => map['event'])).toEqual(events.map((event) => event.type));
    const record = maps.find((map) => map['table'] === 'memory' && map['event'] === 'record');
    expect(record!['timestamp']).toBeInstanceOf(Date);
  });

  it('encodes Protobuf that protobuf-es reads', () => {
    const events = sampleEvents(50);
    const cases = decodeDelimited(encodeAll('protobuf', events)).map((message) => message.event.case);
    expect(cases).toEqual(events.map((event) => (event.type === 'record' ? event.table : event.type)));
  });

  it('encodes Arrow that apache-arrow reads', () => {
    const events = sampleEvents(50).filter((event) => event.type === 'record' && event.table === 'process');
    const table = tableFromIPC(createStreamCodec('arrow').encode(events));
    expect(table.numRows).toBe(events.length);
    expect(table.schema.metadata.get('ruvector.table')).toBe('process');
    expect(table.getChild('sequence')!.toJSON().map(Number)).toEqual(
      events.map((event) => event.type === 'record' && event.sequence),
    );
  });
});

it('stream.proto keeps the meaning of every field number that was published', () => {
  const published = readFieldNumbers();
  const now = Object.fromEntries(
    file_ruvector_telemetry_v1_stream.messages.map((message) => [
      message.name,
      Object.fromEntries(message.fields.map((field) => [String(field.number), field.name])),
    ]),
  );
  // A new field is added to test/golden/stream/field-numbers.json; a removed one stays there.
  for (const [message, fields] of Object.entries(now)) expect(published[message]).toMatchObject(fields);
});

it('generate-proto.mjs makes the committed code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ruvector-generated-'));
  try {
    const script = join(root, 'scripts/generate-proto.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    for (const path of [
      'src/stream/codecs/generated/stream_pb.ts',
      'python/src/ruvector/telemetry/v1/stream_pb2.py',
      'python/src/ruvector/telemetry/v1/stream_pb2.pyi',
    ]) {
      expect(readFileSync(join(folder, path), 'utf8')).toBe(readFileSync(join(root, path), 'utf8'));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

type Map = Record<string, unknown>;

function encodeAll(format: StreamFormat, events: readonly StreamEvent[]): Uint8Array {
  return createStreamCodec(format).encode(events);
}

function decodeDelimited(bytes: Uint8Array) {
  const messages = [];
  for (let at = 0; at < bytes.length;) {
    const { size, offset } = sizeDelimitedPeek(bytes.subarray(at));
    messages.push(fromBinary(DataEventSchema, bytes.subarray(at + offset!, at + offset! + size!)));
    at += offset! + size!;
  }
  return messages;
}

/** The events as Python's decoder sees them. */
function readWithPython(format: StreamFormat, events: readonly StreamEvent[]): StreamEvent[] {
  const folder = mkdtempSync(join(tmpdir(), 'ruvector-stream-'));
  try {
    const path = join(folder, 'message');
    writeFileSync(path, encodeAll(format, events));
    const script = join(root, 'test/support/stream/decode-stream.py');
    const child = spawnSync(python, [script, format, path], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    expect(child.stderr).toBe('');
    return (JSON.parse(child.stdout) as StreamEvent[]).map(fromNeutral);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
