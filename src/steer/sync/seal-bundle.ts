// A bundle as its sender makes it: sealed to one recipient, then signed over everything that is visible.
import { createCipheriv, diffieHellman, encapsulate, generateKeyPairSync, sign } from 'node:crypto';
import { deriveBundleKey } from './bundle-key.ts';
import {
  BUNDLE_MAGIC,
  BUNDLE_VERSION,
  FINGERPRINT_BYTES,
  BUNDLE_HEADER_BYTES,
  MAX_BUNDLE_BYTES,
  SIGNATURE_BYTES,
  SIGNATURE_CONTEXT,
  TAG_BYTES,
  bundleOffset,
} from './bundle-layout.ts';
import { bundleError } from './errors.ts';
import type { HostCard, HostKeys } from './host-keys.ts';

/** What is sealed and for whom. */
export interface BundleContent {
  readonly sender: HostKeys;
  readonly recipient: HostCard;
  /** Higher than that of every bundle before. */
  readonly sequence: number;
  readonly createdMs: number;
  readonly payload: Uint8Array;
}

/** @throws RuvectorError `ERR_STEER_SYNC_SIZE` */
export function sealBundle(content: BundleContent): Uint8Array {
  return signBundle(encryptBundle(content), content.sender);
}

/** All but the signature. */
export function encryptBundle({
  sender,
  recipient,
  sequence,
  createdMs,
  payload,
}: BundleContent): Uint8Array {
  const sealedBytes = payload.length + TAG_BYTES;
  const sizeBytes = BUNDLE_HEADER_BYTES + sealedBytes + SIGNATURE_BYTES;
  if (sizeBytes > MAX_BUNDLE_BYTES)
    throw bundleError(
      'SIZE',
      sender.card.fingerprint,
      `it has ${sizeBytes} bytes, more than ${MAX_BUNDLE_BYTES}`,
    );
  const bytes = Buffer.alloc(BUNDLE_HEADER_BYTES + sealedBytes);
  const ephemeral = generateKeyPairSync('x25519');
  const { ciphertext, sharedKey } = encapsulate(recipient.keys.encapsulation);
  bytes.writeUInt32LE(BUNDLE_MAGIC, 0);
  bytes.writeUInt8(BUNDLE_VERSION, bundleOffset.version);
  bytes.write(sender.card.fingerprint, bundleOffset.sender, FINGERPRINT_BYTES, 'hex');
  bytes.write(recipient.fingerprint, bundleOffset.recipient, FINGERPRINT_BYTES, 'hex');
  bytes.writeBigUInt64LE(BigInt(sequence), bundleOffset.sequence);
  bytes.writeBigUInt64LE(BigInt(Math.floor(createdMs)), bundleOffset.created);
  bytes.set(ephemeral.publicKey.export({ format: 'raw-public' }), bundleOffset.agreement);
  bytes.set(ciphertext, bundleOffset.encapsulated);
  bytes.writeUInt32LE(sealedBytes, bundleOffset.sealedBytes);
  const { key, nonce } = deriveBundleKey({
    encapsulated: sharedKey,
    agreed: diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient.keys.agreement }),
    transcript: bytes.subarray(0, bundleOffset.sealedBytes),
    recipientCard: recipient.bytes,
  });
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(bytes.subarray(0, BUNDLE_HEADER_BYTES));
  bytes.set(cipher.update(payload), BUNDLE_HEADER_BYTES);
  cipher.final();
  bytes.set(cipher.getAuthTag(), BUNDLE_HEADER_BYTES + payload.length);
  return bytes;
}

/** With the signature behind it. */
export function signBundle(unsigned: Uint8Array, { secret }: HostKeys): Uint8Array {
  const signature = sign(null, unsigned, { key: secret.signature, context: SIGNATURE_CONTEXT });
  return Buffer.concat([unsigned, signature]);
}
