// The MessagePack codec of data streams as it would be made of a library: what ours is measured against
// (test/bench/stream-codec.bench.ts). It takes the reader of plain events that JSON Lines uses, too.
import { Decoder, Encoder } from '@msgpack/msgpack';
import { Packr, Unpackr } from 'msgpackr';
import {
  buildPlainReader,
  plainReaders,
  readInteger,
  refuse,
} from '../../../src/stream/codecs/plain-event.ts';
import type { PlainMap, ValueReaders } from '../../../src/stream/codecs/plain-event.ts';
import { publishedKinds } from '../../../src/stream/published-kinds.ts';
import type { RecordEvent, StreamEvent } from '../../../src/stream/stream-contract.ts';

export interface LibraryCodec {
  readonly name: string;
  readonly encode: (events: readonly RecordEvent[]) => Uint8Array;
  readonly decode: (message: Uint8Array) => StreamEvent[];
}

/** What the libraries give for each type: dates, and bigints for some integers of 64 bits. */
const readers: ValueReaders = {
  ...plainReaders,
  timestamp: (value) => (value instanceof Date ? value.getTime() : refuse('a timestamp', value)),
  int64: (value) => readInteger(typeof value === 'bigint' ? Number(value) : value),
  uint64: (value) => (typeof value === 'bigint' ? value : BigInt(readInteger(value))),
};
const readPlain = buildPlainReader(publishedKinds, readers);
const readEvent = (map: unknown): StreamEvent => readPlain(map as PlainMap);

/** The map of docs/streams.md. */
function toMap({ table, sequence, row }: RecordEvent): object {
  return { event: 'record', table, sequence, ...row, timestamp: new Date(row['timestamp'] as number) };
}

/** As fast as it is with plain maps: no records, which other readers do not know. */
export function createMsgpackrCodec(): LibraryCodec {
  const packr = new Packr({ useRecords: false, variableMapSize: true });
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
  return {
    name: 'msgpackr',
    encode: (events) => Buffer.concat(events.map((event) => packr.pack(toMap(event)))),
    decode: (message) => {
      const events: StreamEvent[] = [];
      unpackr.unpackMultiple(message, (map: unknown) => void events.push(readEvent(map)));
      return events;
    },
  };
}

/** The reference implementation of the format's authors. */
export function createMsgpackCodec(): LibraryCodec {
  const encoder = new Encoder({ useBigInt64: true });
  const decoder = new Decoder({ useBigInt64: true });
  return {
    name: '@msgpack/msgpack',
    encode: (events) => Buffer.concat(events.map((event) => encoder.encode(toMap(event)))),
    decode: (message) => Array.from(decoder.decodeMulti(message), readEvent),
  };
}
