// Ed25519 signatures (RFC 8032) over checksums.sha256. `checksums.sha256.sig` holds the 64 bytes themselves, so that
// `openssl pkeyutl -verify -rawin` reads them too; `checksums.sha256.pub` is the public key in PEM.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { adviseOnReading } from '../../core/index.ts';
import { checksumsName } from './checksums.ts';
import { signingKeyError, unwrittenKeyError } from './errors.ts';

export const signatureName = `${checksumsName}.sig`;
export const publicKeyName = `${checksumsName}.pub`;

/** Files that sign a tree and are not in its checksums. */
export interface TreeSignature {
  readonly signature: Buffer;
  readonly publicKeyPem: string;
  readonly fingerprint: string;
}

/**
 * Reads a private key.
 * @throws RuvectorError `ERR_EXPORT_SIGNING_KEY`
 */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  return parseKey(path, await readKeyFile(path), createPrivateKey);
}

/** Reads a public key, PEM. @throws RuvectorError `ERR_EXPORT_SIGNING_KEY` */
export async function readPublicKey(path: string): Promise<KeyObject> {
  return parseKey(path, await readKeyFile(path), createPublicKey);
}

/** Parses the public key that a tree carries. @throws RuvectorError `ERR_EXPORT_SIGNING_KEY` */
export function parsePublicKey(name: string, pem: Buffer): KeyObject {
  return parseKey(name, pem.toString('utf8'), createPublicKey);
}

/** Signs the text of checksums.sha256. */
export function signChecksums(text: string, privateKey: KeyObject): TreeSignature {
  const publicKey = createPublicKey(privateKey);
  return {
    signature: sign(null, Buffer.from(text), privateKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(publicKey),
  };
}

/** True when the signature is of this text by this key. */
export function isSignedBy(text: Buffer, signature: Buffer, publicKey: KeyObject): boolean {
  return signature.length === 64 && verify(null, text, publicKey, signature);
}

/** `SHA256:` and the base64 of the SHA-256 of the key's DER form. */
export function fingerprintOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Makes a key pair: `<path>` (private, mode 0600) and `<path>.pub`. Existing files are never overwritten.
 * @throws RuvectorError `ERR_EXPORT_SIGNING_KEY`
 */
export async function createSigningKey(
  path: string,
): Promise<{ privateKey: string; publicKey: string; fingerprint: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicPath = `${path}.pub`;
  await writeNew(path, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600);
  await writeNew(publicPath, publicKey.export({ type: 'spki', format: 'pem' }) as string, 0o644);
  return { privateKey: path, publicKey: publicPath, fingerprint: fingerprintOf(publicKey) };
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode });
  } catch (cause) {
    throw unwrittenKeyError(path, cause);
  }
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw signingKeyError(path, adviseOnReading(cause).state, cause);
  }
}

function parseKey(name: string, pem: string, parse: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch (cause) {
    throw signingKeyError(name, 'it is no key in PEM', cause);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw signingKeyError(name, `it is of type ${key.asymmetricKeyType ?? 'unknown'}, not Ed25519`);
}
