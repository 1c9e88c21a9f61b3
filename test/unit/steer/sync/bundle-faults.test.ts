// Bundles that are not as they should be: each kind of fault has its error, and no bytes end in anything else.
import { beforeAll, describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/index.ts';
import { MAX_BUNDLE_BYTES } from '../../../../src/steer/sync/bundle-layout.ts';
import { createHostKeys, decodeCard, formatCard, parseCard } from '../../../../src/steer/sync/host-keys.ts';
import type { HostKeys } from '../../../../src/steer/sync/host-keys.ts';
import { openBundle } from '../../../../src/steer/sync/open-bundle.ts';
import { decodePayload, encodePayload } from '../../../../src/steer/sync/payload.ts';
import type { BundlePayload } from '../../../../src/steer/sync/payload.ts';
import { encryptBundle, sealBundle, signBundle } from '../../../../src/steer/sync/seal-bundle.ts';
import { createPrintedRandom } from '../../../support/random.ts';

const payload = encodePayload({
  privacy: { epsilonPerVote: 1, epsilonPerVector: 0 },
  patterns: [
    { kind: 'vote', key: 'k', arms: ['default', 'other'], counts: Int32Array.of(1, 0) },
    { kind: 'vector', key: 'v', step: 0.5, values: Int32Array.of(1, -2, 3) },
  ],
});

let [sender, recipient, stranger] = [] as unknown as [HostKeys, HostKeys, HostKeys];
let bundle: Uint8Array;

beforeAll(() => {
  [sender, recipient, stranger] = [createHostKeys(), createHostKeys(), createHostKeys()];
  bundle = sealBundle({ sender, recipient: recipient.card, sequence: 1, createdMs: 1, payload });
});

const refuses = (code: string): unknown => expect.objectContaining({ code: `ERR_STEER_SYNC_${code}` });
const open = (bytes: Uint8Array, by = sender, to = recipient): Uint8Array => openBundle(bytes, by.card, to);

/** @returns a copy with one byte changed */
function change(at: number, bytes = bundle): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= 0x10;
  return changed;
}

describe('openBundle()', () => {
  it('refuses each tampered part with SIGNATURE, or with what is wrong with its form', () => {
    expect(() => open(change(0))).toThrow(refuses('BUNDLE'));
    expect(() => open(change(4))).toThrow(refuses('VERSION'));
    expect(() => open(change(6))).toThrow(refuses('BUNDLE'));
    expect(() => open(change(8))).toThrow(refuses('PEER'));
    expect(() => open(change(40))).toThrow(refuses('RECIPIENT'));
    expect(() => open(change(1208))).toThrow(refuses('BUNDLE'));
    for (const at of [
      72,
      80,
      88,
      120,
      1207,
      1212,
      bundle.length - 3310,
      bundle.length - 3309,
      bundle.length - 1,
    ])
      expect(() => open(change(at)), `byte ${at}`).toThrow(refuses('SIGNATURE'));
  });

  it('refuses an unsigned bundle, one that somebody else signed, and one for somebody else', () => {
    const content = { sender, recipient: recipient.card, sequence: 1, createdMs: 1, payload };
    const unsigned = encryptBundle(content);
    expect(() => open(unsigned)).toThrow(refuses('BUNDLE'));
    expect(() => open(Buffer.concat([unsigned, Buffer.alloc(3309)]))).toThrow(refuses('SIGNATURE'));
    expect(() => open(signBundle(unsigned, stranger))).toThrow(refuses('SIGNATURE'));
    expect(() => open(bundle, stranger)).toThrow(refuses('PEER'));
    expect(() => open(bundle, sender, stranger)).toThrow(refuses('RECIPIENT'));
  });

  it('refuses with SEALED what a pinned peer signed and did not seal for these keys', () => {
    const unsigned = encryptBundle({ sender, recipient: recipient.card, sequence: 1, createdMs: 1, payload });
    for (const at of [88, 120, 1212, unsigned.length - 1])
      expect(() => open(signBundle(change(at, unsigned), sender)), `byte ${at}`).toThrow(refuses('SEALED'));
    const lowOrder = Uint8Array.from(unsigned).fill(0, 88, 120);
    expect(() => open(signBundle(lowOrder, sender))).toThrow(refuses('SEALED'));
  });

  it('refuses what is too large before it reads it, and what cannot be sealed', () => {
    expect(() => open(new Uint8Array(MAX_BUNDLE_BYTES + 1))).toThrow(refuses('SIZE'));
    const large = new Uint8Array(MAX_BUNDLE_BYTES);
    expect(() =>
      sealBundle({ sender, recipient: recipient.card, sequence: 1, createdMs: 1, payload: large }),
    ).toThrow(refuses('SIZE'));
  });

  it('refuses sequences and times beyond whole numbers', () => {
    for (const at of [79, 87]) {
      const changed = Uint8Array.from(bundle);
      changed[at] = 0xff;
      expect(() => open(changed)).toThrow(refuses('BUNDLE'));
    }
  });

  it('ends in a typed error for 10,000 mutated bundles', () => {
    const random = createPrintedRandom('mutated bundles');
    const below = (bound: number): number => Math.floor(random() * bound);
    const codes = new Map<string, number>();
    for (let round = 0; round < 10_000; round++) {
      let bytes = Uint8Array.from(bundle);
      // Most mutations hit the header: those of the rest all end at the signature, which takes time.
      for (let flips = 1 + below(4); flips > 0; flips--)
        bytes[below(random() < 0.9 ? 120 : bytes.length)] = below(256);
      const cut = random();
      if (cut < 0.2) bytes = bytes.slice(0, below(bytes.length));
      else if (cut < 0.25) bytes = Uint8Array.from(Buffer.concat([bytes, Buffer.alloc(below(5000), 1)]));
      let code = 'opened';
      try {
        open(bytes);
      } catch (error) {
        if (!isRuvectorError(error)) throw error;
        ({ code } = error);
      }
      // A mutation may write what was there.
      if (!Buffer.from(bytes).equals(Buffer.from(bundle))) expect(code).toMatch(/^ERR_STEER_SYNC_/);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()]).toEqual(
      expect.arrayContaining(
        ['BUNDLE', 'VERSION', 'PEER', 'RECIPIENT', 'SIGNATURE'].map((flaw) => `ERR_STEER_SYNC_${flaw}`),
      ),
    );
  });
});

describe('decodePayload()', () => {
  const decode = (bytes: Uint8Array): BundlePayload => decodePayload(bytes, 'test');

  it('ends in a typed error, or reads what encodes to the same bytes, for 10,000 mutated payloads', () => {
    const random = createPrintedRandom('mutated payloads');
    const below = (bound: number): number => Math.floor(random() * bound);
    let read = 0;
    for (let round = 0; round < 10_000; round++) {
      const bytes = Uint8Array.from(payload).slice(
        0,
        random() < 0.3 ? below(payload.length) : payload.length,
      );
      for (let flips = below(4); flips > 0 && bytes.length > 0; flips--)
        bytes[below(bytes.length)] = below(256);
      try {
        expect(Buffer.from(encodePayload(decode(bytes)))).toEqual(Buffer.from(bytes));
        read++;
      } catch (error) {
        if (!isRuvectorError(error)) throw error;
        expect(['ERR_STEER_SYNC_BUNDLE', 'ERR_STEER_SYNC_VERSION']).toContain(error.code);
      }
    }
    expect(read).toBeGreaterThan(100);
  });

  it.each([
    ['another version', (bytes: Buffer) => bytes.writeUInt8(2, 0), 'VERSION'],
    ['more patterns than it has', (bytes: Buffer) => bytes.writeUInt16LE(3, 2), 'BUNDLE'],
    ['more patterns than there may be', (bytes: Buffer) => bytes.writeUInt16LE(65_535, 2), 'BUNDLE'],
    ['fewer patterns than it has', (bytes: Buffer) => bytes.writeUInt16LE(1, 2), 'BUNDLE'],
    ['an epsilon that is no number', (bytes: Buffer) => bytes.writeDoubleLE(Number.NaN, 4), 'BUNDLE'],
    ['a pattern of another kind', (bytes: Buffer) => bytes.writeUInt8(3, 20), 'BUNDLE'],
  ] as const)('refuses %s', (_, spoil, flaw) => {
    const bytes = Buffer.from(payload);
    spoil(bytes);
    expect(() => decode(bytes)).toThrow(refuses(flaw));
  });

  it('refuses a pattern that comes twice', () => {
    const vote = { kind: 'vote', key: 'k', arms: ['a', 'b'], counts: Int32Array.of(1, 0) } as const;
    const twice = encodePayload({
      privacy: { epsilonPerVote: 0, epsilonPerVector: 0 },
      patterns: [vote, vote],
    });
    expect(() => decode(twice)).toThrow(refuses('BUNDLE'));
  });
});

describe('parseCard()', () => {
  it('reads what formatCard() wrote, and refuses everything else', () => {
    const text = formatCard(sender.card);
    expect(parseCard(`  ${text}\n`).fingerprint).toBe(sender.card.fingerprint);
    for (const wrong of [
      '',
      'ssh-rsa AAAA',
      text.slice(0, -8),
      `${text}AAAA`,
      text.replace('card-1', 'card-2'),
    ])
      expect(() => parseCard(wrong)).toThrow(refuses('PEER'));
    expect(() => decodeCard(new Uint8Array(10))).toThrow(refuses('PEER'));
  });
});
