// Key pairs of Curve25519, which CURVE (RFC 26, ZeroMQ) and X25519 (RFC 7748) share, as hexadecimal text; and the proof
// by which the owner of one shows a daemon which of them is his. Pure: no files, no sockets.
// python/src/ruvector/_bridge/keys.py gives the same proof; test/golden/sealed holds both to it.
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from 'node:crypto';

/** 32 bytes each, as 64 lower-case hexadecimal digits. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

const PROOF_CONTEXT = 'ruvector hello 1';

/** Makes a pair from the system's random numbers. */
export function createKeyPair(): KeyPair {
  const { x, d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  return { publicKey: toHex(x!), secretKey: toHex(d!) };
}

/** True for 64 lower-case hexadecimal digits. */
export function isKey(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);
}

/**
 * What only the two owners can compute: HMAC-SHA-256 under their shared X25519 secret. CURVE proves that a peer has an
 * allowed key, and not to the program which one; a HELLO that carries this says so.
 * @param own of whoever computes it
 * @param peerKey public key of the other
 * @returns 64 hexadecimal digits
 * @throws Error for a peer's key of low order, with which nothing is shared
 */
export function buildProof(own: KeyPair, peerKey: string, clientKey: string, daemonKey: string): string {
  const shared = diffieHellman({
    privateKey: createPrivateKey({
      key: { ...jwk(own.publicKey), d: toBase64Url(own.secretKey) },
      format: 'jwk',
    }),
    publicKey: createPublicKey({ key: jwk(peerKey), format: 'jwk' }),
  });
  return createHmac('sha256', shared)
    .update(PROOF_CONTEXT)
    .update(Buffer.from(clientKey, 'hex'))
    .update(Buffer.from(daemonKey, 'hex'))
    .digest('hex');
}

function jwk(publicKey: string): { kty: 'OKP'; crv: 'X25519'; x: string } {
  return { kty: 'OKP', crv: 'X25519', x: toBase64Url(publicKey) };
}

const toHex = (base64Url: string): string => Buffer.from(base64Url, 'base64url').toString('hex');
const toBase64Url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
