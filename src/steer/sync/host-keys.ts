// Who a host is: an X25519 and an ML-KEM-768 key that bundles are sealed to, and an ML-DSA-65 key that it signs with.
// Its card holds the public halves; the fingerprint, which people compare, is the SHA-256 of the card's bytes.
// FIPS 203, FIPS 204, RFC 7748. Everything is Node's own crypto (OpenSSL 3.5).
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError, messageOf, systemCodeOf } from '../../core/index.ts';
import { makeFolder, tryLock, writeDurably } from '../../files/index.ts';
import { hostKeysError, peerError } from './errors.ts';

/** Bytes of the public keys, in the order of a card. */
const cardParts = [
  ['agreement', 'x25519', 32],
  ['encapsulation', 'ml-kem-768', 1184],
  ['signature', 'ml-dsa-65', 1952],
] as const;

/** Bytes of what a private key is made from. */
const seedBytes = { agreement: 32, encapsulation: 64, signature: 32 } as const;

const LOCK_ATTEMPTS = 500;
const LOCK_PAUSE_MS = 10;

type Part = keyof typeof seedBytes;
type Keys = Readonly<Record<Part, KeyObject>>;

/** The public side of a host. */
export interface HostCard {
  /** Lower-case hexadecimal SHA-256 of `bytes`. */
  readonly fingerprint: string;
  readonly bytes: Uint8Array;
  readonly keys: Keys;
}

/** Both sides. */
export interface HostKeys {
  readonly card: HostCard;
  readonly secret: Keys;
}

const CARD_PREFIX = 'ruvector-card-1:';
const CARD_BYTES = cardParts.reduce((sum, [, , bytes]) => sum + bytes, 0);

/** New keys. */
export function createHostKeys(): HostKeys {
  return toHostKeys({
    agreement: generateKeyPairSync('x25519').privateKey,
    encapsulation: generateKeyPairSync('ml-kem-768').privateKey,
    signature: generateKeyPairSync('ml-dsa-65').privateKey,
  });
}

function toHostKeys(secret: Keys): HostKeys {
  const bytes = Buffer.concat(
    cardParts.map(([part]) => createPublicKey(secret[part]).export({ format: 'raw-public' })),
  );
  return { card: decodeCard(bytes), secret };
}

/** @throws RuvectorError `ERR_STEER_SYNC_PEER` */
export function decodeCard(bytes: Uint8Array): HostCard {
  const fingerprint = createHash('sha256').update(bytes).digest('hex');
  if (bytes.length !== CARD_BYTES)
    throw peerError(
      fingerprint,
      `its card has ${bytes.length} bytes, not ${CARD_BYTES}`,
      'copy the whole card',
    );
  let at = 0;
  const keys: Partial<Record<Part, KeyObject>> = {};
  for (const [part, asymmetricKeyType, size] of cardParts) {
    const key = Buffer.from(bytes.subarray(at, at + size));
    at += size;
    try {
      keys[part] = createPublicKey({ key, format: 'raw-public', asymmetricKeyType });
    } catch (error) {
      throw peerError(fingerprint, `its ${asymmetricKeyType} key is none`, 'copy the whole card', error);
    }
  }
  return { fingerprint, bytes: Uint8Array.from(bytes), keys: keys as Keys };
}

/** A card as one line of text. */
export function formatCard({ bytes }: HostCard): string {
  return CARD_PREFIX + Buffer.from(bytes).toString('base64url');
}

/** @throws RuvectorError `ERR_STEER_SYNC_PEER` */
export function parseCard(text: string): HostCard {
  const line = text.trim();
  if (!line.startsWith(CARD_PREFIX) || !/^[\w-]+$/.test(line.slice(CARD_PREFIX.length)))
    throw peerError(
      'unknown',
      'its card is no line "ruvector-card-1:…"',
      'copy what `dag sync keys` printed there',
    );
  return decodeCard(Buffer.from(line.slice(CARD_PREFIX.length), 'base64url'));
}

interface KeysFile {
  readonly version: 1;
  readonly fingerprint: string;
  /** Seeds, base64url. */
  readonly secret: Readonly<Record<Part, string>>;
}

/**
 * Reads the keys of a host, or makes them, in a file of mode 0600.
 * @throws RuvectorError `ERR_STEER_SYNC_KEYS`
 */
export async function openHostKeys(path: string): Promise<HostKeys> {
  const there = await findHostKeys(path);
  if (there) return there;
  try {
    await makeFolder(dirname(path), 0o700);
    using _ = await lockKeys(path);
    // Another process may have made them meanwhile.
    return (await findHostKeys(path)) ?? (await writeHostKeys(path, createHostKeys()));
  } catch (error) {
    if (isRuvectorError(error)) throw error;
    throw hostKeysError(path, messageOf(error), 'see that the folder can be written', error);
  }
}

/** Null where there are none. */
async function findHostKeys(path: string): Promise<HostKeys | null> {
  try {
    return await readHostKeys(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function lockKeys(path: string): Promise<Disposable> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    const lock = tryLock(`${path}.lock`);
    if (lock) return { [Symbol.dispose]: () => lock.release() };
    await sleep(LOCK_PAUSE_MS);
  }
  throw hostKeysError(path, 'another process is making them and does not end', 'end it');
}

async function writeHostKeys(path: string, made: HostKeys): Promise<HostKeys> {
  const seedOf = (part: Part): string => {
    const format = part === 'agreement' ? 'raw-private' : 'raw-seed';
    return made.secret[part].export({ format }).toString('base64url');
  };
  const file: KeysFile = {
    version: 1,
    fingerprint: made.card.fingerprint,
    secret: {
      agreement: seedOf('agreement'),
      encapsulation: seedOf('encapsulation'),
      signature: seedOf('signature'),
    },
  };
  await writeDurably(path, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  return made;
}

async function readHostKeys(path: string): Promise<HostKeys> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw hostKeysError(path, 'others may read it', `chmod 600 ${path}, and make new keys if somebody did`);
  let keys: HostKeys;
  let said: string;
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as KeysFile;
    if (file.version !== 1) throw new Error(`it is of version ${String(file.version)}`);
    said = file.fingerprint;
    keys = toHostKeys({
      agreement: toSecret(file, 'agreement', 'x25519'),
      encapsulation: toSecret(file, 'encapsulation', 'ml-kem-768'),
      signature: toSecret(file, 'signature', 'ml-dsa-65'),
    });
  } catch (error) {
    throw hostKeysError(
      path,
      'it is damaged',
      'bring back a copy, or remove it and pin new cards everywhere',
      error,
    );
  }
  if (keys.card.fingerprint !== said)
    throw hostKeysError(path, 'its keys are not those of its fingerprint', 'bring back a copy');
  return keys;
}

function toSecret(
  { secret }: KeysFile,
  part: Part,
  asymmetricKeyType: 'x25519' | 'ml-kem-768' | 'ml-dsa-65',
): KeyObject {
  const key = Buffer.from(secret[part], 'base64url');
  if (key.length !== seedBytes[part]) throw new Error(`${part} has ${key.length} bytes`);
  const format = part === 'agreement' ? 'raw-private' : 'raw-seed';
  return createPrivateKey({ key, format, asymmetricKeyType });
}
