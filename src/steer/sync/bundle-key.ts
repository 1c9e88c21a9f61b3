// One key for one bundle: X25519 and ML-KEM-768 secrets together through HKDF-SHA256 over the transcript, so that it stays
// secret while either of the two holds (RFC 5869; the order of the secrets as in X-Wing, draft-connolly-cfrg-xwing-kem).
import { createHash, hkdfSync } from 'node:crypto';
import { KEY_INFO } from './bundle-layout.ts';

/** Key and nonce of AES-256-GCM; used once. */
export interface BundleKey {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/** What a key comes from. */
export interface KeySources {
  readonly encapsulated: Uint8Array;
  readonly agreed: Uint8Array;
  /** The header, up to and with the ML-KEM ciphertext. */
  readonly transcript: Uint8Array;
  /** Bytes of the recipient's card. */
  readonly recipientCard: Uint8Array;
}

/** Derives the key of a bundle. */
export function deriveBundleKey({ encapsulated, agreed, transcript, recipientCard }: KeySources): BundleKey {
  const salt = createHash('sha256').update(transcript).update(recipientCard).digest();
  const secrets = Buffer.concat([encapsulated, agreed]);
  const derived = new Uint8Array(hkdfSync('sha256', secrets, salt, KEY_INFO, 44));
  secrets.fill(0);
  return { key: derived.subarray(0, 32), nonce: derived.subarray(32) };
}
