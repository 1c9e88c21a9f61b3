// Writes test/golden/sync with the peer's implementation; the payload's bytes are spelt out by hand from docs/sync-bundle.md.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cardOf, sealByPeer } from './noble-bundle.ts';
import { coins, facts, recipient, sender } from './sync-golden.ts';
import type { GoldenBundle, GoldenPayload } from './sync-golden.ts';

const folder = join(import.meta.dirname, '../../golden/sync');
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const short = (text: string): string =>
  Buffer.from(text).length.toString(16).padStart(2, '0') + toHex(Buffer.from(text));

const key = '0123456789abcdef0123456789abcdef';
const payload =
  // version, reserved, two patterns, ε of votes 1, ε of vectors 0.5
  '01000200000000000000f03f000000000000e03f' +
  // a vote: key, three arms, counts 1, −3, 70000
  `01${short(key)}03${short('default')}${short('no_nestloop')}${short('größer')}01000000fdffffff70110100` +
  // a vector: key, two numbers, step 0.25, values 4 and −2147483647
  `02${short('a1b2c3d4e5f60718')}0200000000000000d03f0400000001000080`;

const payloadFile: GoldenPayload = {
  about: 'A payload of one vote and one vector.',
  bytes: payload,
  content: {
    privacy: { epsilonPerVote: 1, epsilonPerVector: 0.5 },
    patterns: [
      { kind: 'vote', key, arms: ['default', 'no_nestloop', 'größer'], counts: [1, -3, 70_000] },
      { kind: 'vector', key: 'a1b2c3d4e5f60718', step: 0.25, values: [4, -2_147_483_647] },
    ],
  },
};
const recipientCard = cardOf(recipient);
const senderCard = cardOf(sender);
const bundle = sealByPeer(sender, recipientCard, { ...facts, payload: Buffer.from(payload, 'hex') }, coins);
const bundleFile: GoldenBundle = {
  about: 'The payload of payload.json, sealed and signed; seeds: test/support/steer/sync-golden.ts.',
  senderCard: toHex(senderCard),
  senderFingerprint: createHash('sha256').update(senderCard).digest('hex'),
  recipientCard: toHex(recipientCard),
  recipientFingerprint: createHash('sha256').update(recipientCard).digest('hex'),
  payload,
  bundle: toHex(bundle),
};
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries({ payload: payloadFile, bundle: bundleFile }))
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, null, 2)}\n`);
