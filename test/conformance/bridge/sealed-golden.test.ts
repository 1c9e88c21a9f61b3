// Loops over test/golden/sealed: vectors that neither codec wrote. Python's test_seal.py loops over the same.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Opener, Sealer } from '../../../src/bridge/seal.ts';
import type { Direction, SealKeys } from '../../../src/bridge/seal.ts';
import { buildProof } from '../../../src/keys/index.ts';
import type { KeyPair } from '../../../src/keys/index.ts';

interface Vector extends SealKeys {
  readonly direction: Direction;
  readonly rekeyMessages: number;
  readonly messages: readonly { readonly frames: readonly string[]; readonly sealed: readonly string[] }[];
  readonly before: readonly (readonly string[])[];
  readonly frames: readonly string[];
  readonly code: string;
}

interface Proof {
  readonly client: KeyPair;
  readonly daemon: KeyPair;
  readonly proof: string;
}

const folder = join(import.meta.dirname, '../../golden/sealed');
const names = readdirSync(folder);
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const fromHex = (frames: readonly string[]): Buffer[] => frames.map((frame) => Buffer.from(frame, 'hex'));
const toHex = (frames: readonly Uint8Array[]): string[] =>
  frames.map((frame) => Buffer.from(frame).toString('hex'));

describe('Opener.open() and Sealer.seal()', () => {
  it('loop over every file of the folder', () => {
    expect(names.filter((name) => name.startsWith('sealed-'))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith('refused-')).length).toBeGreaterThanOrEqual(20);
  });

  it.each(names.filter((name) => name.startsWith('sealed-')))('give the bytes of %s', (name) => {
    const vector = read(name) as Vector;
    const sealer = new Sealer(vector, vector.direction, { messages: vector.rekeyMessages });
    const opener = new Opener(vector, vector.direction);
    for (const { frames, sealed } of vector.messages) {
      expect(toHex(sealer.seal(fromHex(frames)))).toEqual(sealed);
      expect(toHex(opener.open(fromHex(sealed)))).toEqual(frames);
    }
  });

  it.each(names.filter((name) => name.startsWith('refused-')))('refuse %s, and all that follows', (name) => {
    const vector = read(name) as Vector;
    const opener = new Opener(vector, vector.direction);
    for (const frames of vector.before) opener.open(fromHex(frames));
    const refused = expect.objectContaining({ code: vector.code });
    expect(() => opener.open(fromHex(vector.frames))).toThrow(refused);
    const sealer = new Sealer(vector, vector.direction);
    sealer.seal([]);
    expect(() => opener.open(sealer.seal([]))).toThrow(
      expect.objectContaining({ code: 'ERR_WIRE_TAMPERED' }),
    );
  });

  it('buildProof() gives the proof of both owners', () => {
    const { client, daemon, proof } = read('proof.json') as Proof;
    expect(buildProof(client, daemon.publicKey, client.publicKey, daemon.publicKey)).toBe(proof);
    expect(buildProof(daemon, client.publicKey, client.publicKey, daemon.publicKey)).toBe(proof);
  });
});
