// Bytes of broken or hostile senders: every decoder gives events or ERR_WIRE_STREAM_DECODE, quickly.
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/index.ts';
import { createStreamCodec } from '../../../../src/stream/codecs/codec.ts';
import { streamFormats } from '../../../../src/stream/stream-contract.ts';
import type { StreamFormat } from '../../../../src/stream/stream-contract.ts';
import { createRandom } from '../../../support/random.ts';
import { sampleEvents } from '../../../support/stream/stream-events.ts';

const FRAMES = 10_000;
const codecs = new Map(streamFormats.map((format) => [format, createStreamCodec(format)]));
const sizes = [
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0x80],
  [0, 0, 0, 0x10, 0, 0, 0, 0],
];

type Random = () => number;
type Mutation = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const mutations: readonly Mutation[] = [
  (bytes, _other, random) => {
    const flipped = bytes.slice();
    for (let i = below(random, 8); i >= 0; i--)
      flipped[below(random, bytes.length)]! ^= 1 << below(random, 8);
    return flipped;
  },
  (bytes, _other, random) => bytes.slice(0, below(random, bytes.length)),
  (bytes, other, random) =>
    Buffer.concat([
      bytes.subarray(0, below(random, bytes.length)),
      other.subarray(below(random, other.length)),
    ]),
  (bytes, _other, random) => {
    const written = bytes.slice();
    const size = sizes[below(random, sizes.length)]!;
    written.set(size, below(random, Math.max(1, bytes.length - size.length)));
    return written;
  },
  (bytes, _other, random) => {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 32))]);
  },
  (bytes, _other, random) => {
    const at = below(random, bytes.length);
    const noise = Uint8Array.from({ length: 1 + below(random, 16) }, () => below(random, 256));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
];

describe.each(streamFormats)('createStreamCodec("%s")', (format) => {
  it(`decode() of ${FRAMES} mutated frames gives events or its error`, { timeout: 60_000 }, () => {
    const codec = createStreamCodec(format);
    const random = createRandom(20_260_101);
    const originals = sampleEvents(40).map((event) => codec.encode([event]));
    let refused = 0;
    for (let i = 0; i < FRAMES; i++) {
      const mutate = mutations[i % mutations.length]!;
      const [one, other] = [originals[i % 40]!, originals[below(random, 40)]!];
      refused += readsOrRefuses(format, mutate(one, other, random)) ? 0 : 1;
    }
    expect(refused).toBeGreaterThan(FRAMES / 10);
  });

  it('decode() and push() refuse more than maxMessageBytes', () => {
    const bytes = createStreamCodec(format).encode(sampleEvents(2).slice(1));
    const codec = createStreamCodec(format, undefined, { maxMessageBytes: bytes.length - 1 });
    const error = expect.objectContaining({ code: 'ERR_WIRE_STREAM_DECODE' });
    expect(() => codec.decode(bytes)).toThrow(error);
    expect(() => codec.createDecoder().push(bytes)).toThrow(error);
    const decoder = codec.createDecoder();
    expect(() => [...bytes].map((byte) => decoder.push(Uint8Array.of(byte)))).toThrow(error);
  });

  it('a decoder stays failed', () => {
    const codec = createStreamCodec(format);
    const decoder = codec.createDecoder();
    const error = expect.objectContaining({ code: 'ERR_WIRE_STREAM_DECODE' });
    expect(() => decoder.push(Buffer.from(`${'\u00c1'.repeat(20)}\n`, 'latin1'))).toThrow(error);
    expect(() => decoder.push(codec.encode(sampleEvents(2)))).toThrow(error);
    expect(() => decoder.end()).toThrow(error);
  });
});

it('decode() of JSON Lines refuses 16 MiB of brackets at once', () => {
  const line = Buffer.alloc(2 ** 24, '[');
  line[line.length - 1] = 0x0a;
  expect(() => createStreamCodec('jsonlines').decode(line)).toThrow('brackets');
});

it('decode() refuses more events than it could hold as rows', () => {
  // Five bytes: a memory record with an empty timestamp, which stands for 42 columns.
  const event = Buffer.from('0412020a00', 'hex');
  const message = Buffer.alloc(event.length * (2 ** 18 + 1), event);
  expect(() => createStreamCodec('protobuf').decode(message)).toThrow('more than 262144 events');
});

it('push() of MessagePack byte by byte is linear in the bytes', () => {
  // 400,000 nested lists of one item: scanned anew for each byte this would be 10^11 steps.
  const decoder = createStreamCodec('msgpack').createDecoder();
  const byte = Uint8Array.of(0x91);
  for (let i = 0; i < 400_000; i++) decoder.push(byte);
  expect(() => decoder.push(Uint8Array.of(0xc0))).toThrow('nested more than');
});

function readsOrRefuses(format: StreamFormat, bytes: Uint8Array): boolean {
  try {
    const events = codecs.get(format)!.decode(bytes);
    for (const event of events) expect(['record', 'gap', 'hello']).toContain(event.type);
    return true;
  } catch (error) {
    if (!isRuvectorError(error) || error.code !== 'ERR_WIRE_STREAM_DECODE') throw error;
    return false;
  }
}
