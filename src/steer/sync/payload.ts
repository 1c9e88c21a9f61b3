// What is sealed in a bundle: how its patterns were hidden, and the patterns. Little-endian; docs/sync-bundle.md.
import { bundleError } from './errors.ts';
import { patternId, patternLimits } from './pattern.ts';
import type { LocalPattern, SharedPattern } from './pattern.ts';

/** How the patterns of a payload were hidden; ε is 0 where they were not. */
export interface PayloadPrivacy {
  readonly epsilonPerVote: number;
  readonly epsilonPerVector: number;
}

/** What a bundle says. */
export interface BundlePayload {
  readonly privacy: PayloadPrivacy;
  readonly patterns: readonly SharedPattern[];
}

const PAYLOAD_VERSION = 1;
/** Bytes before the first pattern. */
export const PAYLOAD_HEAD_BYTES = 20;
const kinds = { vote: 1, vector: 2 } as const;

/** The bytes of a payload. */
export function encodePayload({ privacy, patterns }: BundlePayload): Uint8Array {
  const head = Buffer.alloc(PAYLOAD_HEAD_BYTES);
  head.writeUInt8(PAYLOAD_VERSION, 0);
  head.writeUInt16LE(patterns.length, 2);
  head.writeDoubleLE(privacy.epsilonPerVote, 4);
  head.writeDoubleLE(privacy.epsilonPerVector, 12);
  return Buffer.concat([head, ...patterns.flatMap(encodePattern)]);
}

function encodePattern(pattern: SharedPattern): Uint8Array[] {
  const start = [Uint8Array.of(kinds[pattern.kind]), shortText(pattern.key)];
  if (pattern.kind === 'vote') {
    const { arms, counts } = pattern;
    return [...start, Uint8Array.of(arms.length), ...arms.map(shortText), integerBytes(counts)];
  }
  const head = Buffer.alloc(10);
  head.writeUInt16LE(pattern.values.length, 0);
  head.writeDoubleLE(pattern.step, 2);
  return [...start, head, integerBytes(pattern.values)];
}

/** Bytes that a pattern takes in a payload. */
export function patternBytes(pattern: LocalPattern): number {
  const start = 2 + Buffer.byteLength(pattern.key);
  if (pattern.kind === 'vector') return start + 10 + 4 * pattern.values.length;
  return pattern.arms.reduce((sum, arm) => sum + 1 + Buffer.byteLength(arm) + 4, start + 1);
}

function shortText(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

function integerBytes(values: Int32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeInt32LE(value, i * 4));
  return bytes;
}

/** @param sender names it in an error @throws RuvectorError `ERR_STEER_SYNC_BUNDLE`, `ERR_STEER_SYNC_VERSION` */
export function decodePayload(bytes: Uint8Array, sender: string): BundlePayload {
  const reader = new PayloadReader(bytes, sender);
  const version = reader.u8();
  if (version !== PAYLOAD_VERSION)
    throw bundleError('VERSION', sender, `its payload is of version ${version}`);
  reader.require(reader.u8() === 0, 'a reserved byte is not zero');
  const count = reader.u16();
  reader.require(count <= patternLimits.patterns, `it has ${count} patterns`);
  const privacy = { epsilonPerVote: reader.f64(), epsilonPerVector: reader.f64() };
  for (const epsilon of Object.values(privacy))
    reader.require(epsilon >= 0 && epsilon <= 1000, `its epsilon is ${epsilon}`);
  const patterns = Array.from({ length: count }, () => decodePattern(reader));
  reader.end();
  const ids = new Set(patterns.map(patternId));
  reader.require(ids.size === count, 'it has one pattern twice');
  return { privacy, patterns };
}

function decodePattern(reader: PayloadReader): SharedPattern {
  const kind = reader.u8();
  const key = reader.text(patternLimits.keyBytes);
  if (kind === kinds.vote) {
    const armCount = reader.u8();
    reader.require(armCount >= 2 && armCount <= patternLimits.arms, `a vote has ${armCount} arms`);
    const arms = Array.from({ length: armCount }, () => reader.text(patternLimits.armBytes));
    reader.require(new Set(arms).size === armCount, 'a vote names an arm twice');
    return { kind: 'vote', key, arms, counts: reader.integers(armCount) };
  }
  reader.require(kind === kinds.vector, `a pattern is of kind ${kind}`);
  const dims = reader.u16();
  reader.require(dims >= 1 && dims <= patternLimits.dims, `a vector has ${dims} numbers`);
  const step = reader.f64();
  reader.require(step > 0 && step <= 1e18, `a vector has the step ${step}`);
  return { kind: 'vector', key, step, values: reader.integers(dims) };
}

/** Reads values with every length checked before anything is made of it. */
class PayloadReader {
  readonly #bytes: Buffer;
  readonly #sender: string;
  #at = 0;

  constructor(bytes: Uint8Array, sender: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#sender = sender;
  }

  require(isGood: boolean, state: string): void {
    if (!isGood) throw bundleError('BUNDLE', this.#sender, state);
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  f64(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  text(mostBytes: number): string {
    const size = this.u8();
    this.require(size >= 1 && size <= mostBytes, `a text has ${size} bytes`);
    const start = this.#take(size);
    try {
      return strictText.decode(this.#bytes.subarray(start, start + size));
    } catch (error) {
      throw bundleError('BUNDLE', this.#sender, 'a text is no UTF-8', error);
    }
  }

  integers(count: number): Int32Array {
    const start = this.#take(count * 4);
    return Int32Array.from({ length: count }, (_, i) => this.#bytes.readInt32LE(start + i * 4));
  }

  end(): void {
    this.require(
      this.#at === this.#bytes.length,
      `${this.#bytes.length - this.#at} bytes are left at its end`,
    );
  }

  #take(count: number): number {
    const start = this.#at;
    this.require(start + count <= this.#bytes.length, `it ends after ${this.#bytes.length} bytes`);
    this.#at += count;
    return start;
  }
}

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
