// MessagePack libraries beside ours: both read our messages to the same events, and neither writes them. What they
// lack is why there is an encoder of our own (docs/measured.md); when one of them learns it, these tests fail.
import { decode as decodeMsgpack } from '@msgpack/msgpack';
import { unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { createStreamCodec } from '../../../src/stream/codecs/codec.ts';
import type { RecordEvent } from '../../../src/stream/stream-contract.ts';
import { createMsgpackCodec, createMsgpackrCodec } from '../../support/stream/msgpack-libraries.ts';
import type { LibraryCodec } from '../../support/stream/msgpack-libraries.ts';
import { sampleEvents } from '../../support/stream/stream-events.ts';

const ours = createStreamCodec('msgpack');
const libraries = [createMsgpackrCodec(), createMsgpackCodec()].map((codec) => [codec.name, codec] as const);
const isRecord = (event: { type: string }): event is RecordEvent => event.type === 'record';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The bytes of one column's value in a record of its own. */
function valueOf(codec: Pick<LibraryCodec, 'encode'>, column: string, value: number): string {
  const event: RecordEvent = {
    type: 'record',
    table: 'memory',
    sequence: 1,
    row: { timestamp: 0, [column]: value },
  };
  const bytes = Buffer.from(codec.encode([event]));
  const start = bytes.indexOf(column) + column.length;
  const end = bytes.indexOf(Buffer.from('c0', 'hex'), start);
  return hex(bytes.subarray(start, end < 0 ? undefined : end)).slice(0, 18);
}

describe.each(libraries)('LibraryCodec %s', (_name, library) => {
  it('reads every record of ours', () => {
    const events = sampleEvents(300).filter(isRecord);
    const message = ours.encode(events);
    expect(library.decode(message)).toEqual(ours.decode(message));
  });

  it('writes a float64 of 3 as an integer, a float32 as a float64', () => {
    expect(valueOf(ours, 'total_mb', 3)).toMatch(/^cb4008000000000000/);
    expect(valueOf(library, 'total_mb', 3)).toMatch(/^03/);
    expect(valueOf(ours, 'used_percent', 12.5)).toMatch(/^ca41480000/);
    expect(valueOf(library, 'used_percent', 12.5)).toMatch(/^cb4029000000000000/);
  });
});

it('createMsgpackrCodec() writes an int64 above 32 bits as a float64', () => {
  expect(valueOf(ours, 'cached_kib', 2 ** 32)).toMatch(/^cf0000000100000000/);
  expect(valueOf(createMsgpackrCodec(), 'cached_kib', 2 ** 32)).toMatch(/^cb41f0000000000000/);
});

it('decode() refuses text that is not UTF-8, which both libraries read as some text', () => {
  const message = Buffer.from('81a56576656e74a1ff', 'hex');
  const error: unknown = expect.objectContaining({ code: 'ERR_WIRE_STREAM_DECODE' });
  expect(() => ours.decode(message)).toThrow(error);
  expect(decodeMsgpack(message)).toEqual({ event: '\u00ff' });
  expect(unpack(message)).toEqual({ event: '\ufffd' });
});
