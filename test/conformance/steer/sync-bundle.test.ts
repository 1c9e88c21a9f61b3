// Bundles and their payloads, byte for byte: golden files, and an implementation of the same text on other libraries.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCard, openHostKeys } from '../../../src/steer/sync/host-keys.ts';
import type { HostKeys } from '../../../src/steer/sync/host-keys.ts';
import { openBundle, readBundleHeader } from '../../../src/steer/sync/open-bundle.ts';
import { decodePayload, encodePayload } from '../../../src/steer/sync/payload.ts';
import type { BundlePayload } from '../../../src/steer/sync/payload.ts';
import { sealBundle } from '../../../src/steer/sync/seal-bundle.ts';
import { cardOf, openByPeer, sealByPeer } from '../../support/steer/noble-bundle.ts';
import type { PeerSeeds } from '../../support/steer/noble-bundle.ts';
import { coins, facts, recipient, sender } from '../../support/steer/sync-golden.ts';
import type { GoldenBundle, GoldenPayload } from '../../support/steer/sync-golden.ts';

const golden = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(join(import.meta.dirname, '../../golden/sync', name), 'utf8')) as T;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

let folder: string;

/** Our keys from the peer's seeds, through the file they are kept in. */
async function keysOf(seeds: PeerSeeds): Promise<HostKeys> {
  const secret = Object.fromEntries(
    Object.entries(seeds).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64url')]),
  );
  const { fingerprint } = decodeCard(cardOf(seeds));
  const path = join(folder, `${fingerprint}.json`);
  await writeFile(path, JSON.stringify({ version: 1, fingerprint, secret }), { mode: 0o600 });
  return openHostKeys(path);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-golden-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('encodePayload()', () => {
  it('writes the golden bytes, which decodePayload() reads', async () => {
    const { bytes, content } = await golden<GoldenPayload>('payload.json');
    const payload = {
      privacy: content.privacy,
      patterns: content.patterns.map((pattern) =>
        pattern.kind === 'vote'
          ? { ...pattern, counts: Int32Array.from(pattern.counts) }
          : { ...pattern, values: Int32Array.from(pattern.values) },
      ),
    } as BundlePayload;
    expect(Buffer.from(encodePayload(payload)).toString('hex')).toBe(bytes);
    expect(decodePayload(hex(bytes), 'test')).toEqual(payload);
  });
});

describe('openBundle()', () => {
  it('opens the golden bundle, which the peer writes to the byte', async () => {
    const file = await golden<GoldenBundle>('bundle.json');
    const [ours, theirs] = [await keysOf(recipient), decodeCard(hex(file.senderCard))];
    expect(ours.card.fingerprint).toBe(file.recipientFingerprint);
    expect(theirs.fingerprint).toBe(file.senderFingerprint);
    const again = sealByPeer(
      sender,
      hex(file.recipientCard),
      { ...facts, payload: hex(file.payload) },
      coins,
    );
    expect(Buffer.from(again).toString('hex')).toBe(file.bundle);
    const bundle = hex(file.bundle);
    expect(Buffer.from(openBundle(bundle, theirs, ours)).toString('hex')).toBe(file.payload);
    expect(readBundleHeader(bundle)).toEqual({
      sender: file.senderFingerprint,
      recipient: file.recipientFingerprint,
      sequence: Number(facts.sequence),
      createdMs: Number(facts.createdMs),
    });
  });
});

describe('sealBundle()', () => {
  it('makes bundles that the peer opens, of any size', async () => {
    const ours = await keysOf(sender);
    const theirs = decodeCard(cardOf(recipient));
    for (const size of [0, 1, 15, 16, 4096, 200_000]) {
      const payload = Buffer.alloc(size, size & 255);
      const bundle = sealBundle({ sender: ours, recipient: theirs, sequence: size, createdMs: 1, payload });
      expect(bundle).toHaveLength(1212 + size + 16 + 3309);
      expect(Buffer.from(openByPeer(bundle, ours.card.bytes, recipient))).toEqual(payload);
    }
  });

  it('opens what the peer sealed with coins of its own', async () => {
    const ours = await keysOf(recipient);
    for (const signature of [undefined, new Uint8Array(32).fill(7)]) {
      const payload = Buffer.from('a payload');
      const bundle = sealByPeer(
        sender,
        ours.card.bytes,
        { sequence: 9n, createdMs: 10n, payload },
        { ...coins, ...(signature && { signature }) },
      );
      expect(Buffer.from(openBundle(bundle, decodeCard(cardOf(sender)), ours))).toEqual(payload);
    }
  });
});
