// The bytes of a bundle, all numbers little-endian: docs/sync-bundle.md is the specification.
//
//      0    4  magic "RVSB"
//      4    1  version, 1
//      5    3  zero
//      8   32  fingerprint of the sender
//     40   32  fingerprint of the recipient
//     72    8  sequence of the sender
//     80    8  when it was made, milliseconds since the Unix epoch
//     88   32  X25519 public key, made for this bundle
//    120 1088  ML-KEM-768 ciphertext
//   1208    4  n, bytes of what is sealed, tag included
//   1212    n  AES-256-GCM ciphertext, and its tag of 16 bytes
// 1212+n 3309  ML-DSA-65 signature of everything before it

export const BUNDLE_MAGIC = 0x42535652;
export const BUNDLE_VERSION = 1;
export const FINGERPRINT_BYTES = 32;
export const BUNDLE_HEADER_BYTES = 1212;
export const TAG_BYTES = 16;
export const SIGNATURE_BYTES = 3309;
/** Above this nothing is read. NATS lets messages of 1 MiB through. */
export const MAX_BUNDLE_BYTES = 512 * 1024;

export const bundleOffset = {
  version: 4,
  zero: 5,
  sender: 8,
  recipient: 40,
  sequence: 72,
  created: 80,
  agreement: 88,
  encapsulated: 120,
  sealedBytes: 1208,
} as const;

/** Domain of the signature (FIPS 204, context string). */
export const SIGNATURE_CONTEXT = Buffer.from('ruvector-sync-bundle-1');
/** Domain of the key (RFC 5869, info). */
export const KEY_INFO = Buffer.from('ruvector-sync-bundle-1 aes-256-gcm');
