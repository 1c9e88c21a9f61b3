// A bundle as its recipient takes it: nothing is decrypted before its form, its pinned sender and its signature are good,
// and nothing of it is believed before all of it is.
import { createDecipheriv, createPublicKey, decapsulate, diffieHellman, verify } from 'node:crypto';
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

/** What everybody can see of a bundle; not to be believed before {@link verifyBundle}. */
export interface BundleHeader {
  readonly sender: string;
  readonly recipient: string;
  readonly sequence: number;
  readonly createdMs: number;
}

/** Least bytes: an empty payload. */
const LEAST_BYTES = BUNDLE_HEADER_BYTES + TAG_BYTES + SIGNATURE_BYTES;
const UNKNOWN = 'unknown';

/** @throws RuvectorError `ERR_STEER_SYNC_BUNDLE`, `ERR_STEER_SYNC_VERSION`, `ERR_STEER_SYNC_SIZE` */
export function readBundleHeader(bundle: Uint8Array): BundleHeader {
  const bytes = asBuffer(bundle);
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw bundleError('SIZE', UNKNOWN, `it has ${bytes.length} bytes, more than ${MAX_BUNDLE_BYTES}`);
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== BUNDLE_MAGIC)
    throw bundleError('BUNDLE', UNKNOWN, 'it does not begin as one');
  const version = bytes.readUInt8(bundleOffset.version);
  if (version !== BUNDLE_VERSION)
    throw bundleError(
      'VERSION',
      UNKNOWN,
      `it is of version ${version}, this release takes ${BUNDLE_VERSION}`,
    );
  if (bytes.length < LEAST_BYTES) throw bundleError('BUNDLE', UNKNOWN, `it ends after ${bytes.length} bytes`);
  if (bytes.readUIntLE(bundleOffset.zero, 3) !== 0)
    throw bundleError('BUNDLE', UNKNOWN, 'reserved bytes are not zero');
  const sealedBytes = bytes.readUInt32LE(bundleOffset.sealedBytes);
  if (BUNDLE_HEADER_BYTES + sealedBytes + SIGNATURE_BYTES !== bytes.length)
    throw bundleError(
      'BUNDLE',
      UNKNOWN,
      `it says ${sealedBytes} sealed bytes, and has ${bytes.length} in all`,
    );
  return {
    sender: bytes.toString('hex', bundleOffset.sender, bundleOffset.sender + FINGERPRINT_BYTES),
    recipient: bytes.toString('hex', bundleOffset.recipient, bundleOffset.recipient + FINGERPRINT_BYTES),
    sequence: readWhole(bytes, bundleOffset.sequence, 'its sequence'),
    createdMs: readWhole(bytes, bundleOffset.created, 'its time'),
  };
}

/**
 * Checks that the sender signed exactly these bytes for this recipient.
 * @throws RuvectorError `ERR_STEER_SYNC_RECIPIENT`, `ERR_STEER_SYNC_PEER`, `ERR_STEER_SYNC_SIGNATURE`
 */
export function verifyBundle(bundle: Uint8Array, sender: HostCard, recipient: HostCard): void {
  const header = readBundleHeader(bundle);
  if (header.recipient !== recipient.fingerprint)
    throw bundleError('RECIPIENT', header.sender, `it is for "${header.recipient}"`);
  if (header.sender !== sender.fingerprint)
    throw bundleError('PEER', header.sender, `it is not of "${sender.fingerprint}"`);
  const end = bundle.length - SIGNATURE_BYTES;
  const isGood = verify(
    null,
    bundle.subarray(0, end),
    { key: sender.keys.signature, context: SIGNATURE_CONTEXT },
    bundle.subarray(end),
  );
  if (!isGood) throw bundleError('SIGNATURE', header.sender, 'its signature is not that of its bytes');
}

/**
 * Decrypts a bundle that is verified.
 * @throws RuvectorError `ERR_STEER_SYNC_SEALED`
 */
export function decryptBundle(bundle: Uint8Array, { card, secret }: HostKeys): Uint8Array {
  const bytes = asBuffer(bundle);
  const { sender } = readBundleHeader(bytes);
  const end = bytes.length - SIGNATURE_BYTES - TAG_BYTES;
  try {
    const { key, nonce } = deriveBundleKey({
      encapsulated: decapsulate(
        secret.encapsulation,
        bytes.subarray(bundleOffset.encapsulated, bundleOffset.sealedBytes),
      ),
      agreed: diffieHellman({
        privateKey: secret.agreement,
        publicKey: createPublicKey({
          key: bytes.subarray(bundleOffset.agreement, bundleOffset.encapsulated),
          format: 'raw-public',
          asymmetricKeyType: 'x25519',
        }),
      }),
      transcript: bytes.subarray(0, bundleOffset.sealedBytes),
      recipientCard: card.bytes,
    });
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(bytes.subarray(0, BUNDLE_HEADER_BYTES));
    decipher.setAuthTag(bytes.subarray(end, end + TAG_BYTES));
    const payload = decipher.update(bytes.subarray(BUNDLE_HEADER_BYTES, end));
    decipher.final();
    return payload;
  } catch (error) {
    throw bundleError('SEALED', sender, 'it cannot be opened with the keys of this host', error);
  }
}

/** Verifies and decrypts. @throws RuvectorError what {@link verifyBundle} and {@link decryptBundle} say */
export function openBundle(bundle: Uint8Array, sender: HostCard, recipient: HostKeys): Uint8Array {
  verifyBundle(bundle, sender, recipient.card);
  return decryptBundle(bundle, recipient);
}

function readWhole(bytes: Buffer, offset: number, what: string): number {
  const value = bytes.readBigUInt64LE(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw bundleError('BUNDLE', UNKNOWN, `${what} is ${value}, beyond what a number holds`);
  return Number(value);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
