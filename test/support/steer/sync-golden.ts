// The hosts and the bundle of test/golden/sync: everything follows from these seeds. The bytes were written by
// `node test/support/steer/make-sync-golden.ts`, which uses the peer's implementation alone.
import { createHash } from 'node:crypto';
import type { PeerCoins, PeerSeeds } from './noble-bundle.ts';

const seed = (name: string, size: number): Uint8Array =>
  Uint8Array.from(createHash('shake256', { outputLength: size }).update(`ruvector sync ${name}`).digest());

const seedsOf = (name: string): PeerSeeds => ({
  agreement: seed(`${name} x25519`, 32),
  encapsulation: seed(`${name} ml-kem-768`, 64),
  signature: seed(`${name} ml-dsa-65`, 32),
});

export const sender = seedsOf('sender');
export const recipient = seedsOf('recipient');
export const coins: PeerCoins = {
  ephemeral: seed('ephemeral', 32),
  encapsulation: seed('encapsulation', 32),
};
export const facts = { sequence: 1_764_417_600_001n, createdMs: 1_764_417_600_000n } as const;

/** What `test/golden/sync/bundle.json` holds: bytes as hexadecimal text. */
export interface GoldenBundle {
  readonly about: string;
  readonly senderCard: string;
  readonly senderFingerprint: string;
  readonly recipientCard: string;
  readonly recipientFingerprint: string;
  readonly payload: string;
  readonly bundle: string;
}

/** What `test/golden/sync/payload.json` holds. */
export interface GoldenPayload {
  readonly about: string;
  readonly bytes: string;
  readonly content: {
    readonly privacy: { readonly epsilonPerVote: number; readonly epsilonPerVector: number };
    readonly patterns: readonly (
      | {
          readonly kind: 'vote';
          readonly key: string;
          readonly arms: readonly string[];
          readonly counts: readonly number[];
        }
      | {
          readonly kind: 'vector';
          readonly key: string;
          readonly step: number;
          readonly values: readonly number[];
        }
    )[];
  };
}
