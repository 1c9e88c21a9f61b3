// The secret of one release and the keyed hash made with it: HMAC-SHA-256 (RFC 2104), first 64 bits.
// A hash is a pseudonym: equal names stay equal, and who holds the key can find a name by hashing
// guesses. So the key is random for each release and is wiped with it unless the caller keeps it.
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { keyDestroyedError, prepareOptionsError } from './errors.ts';

const keyBytes = 32;
const cachedNames = 4096;

/** What became of a key: given by the caller, who has it still; in use; wiped. */
export type KeyState = 'kept' | 'in use' | 'destroyed';

/** The key of one release. */
export interface ReleaseKey {
  /** `kept` stays `kept` after `destroy`: the caller's copy is out of reach. */
  readonly state: KeyState;
  /** First 8 bytes, big-endian, of HMAC-SHA-256(key, UTF-8 text). */
  hash(text: string): bigint;
  /** Pseudo-random bytes: the same for the same key and purpose, unforeseeable without the key. */
  derive(purpose: string, byteCount: number): Uint8Array;
  /** @throws PrivacyError `ERR_PREPARE_KEY_DESTROYED` once it is destroyed */
  assertUsable(): void;
  /** Overwrites this copy of the key; `hash` and `derive` throw from now on. */
  destroy(): void;
}

/** A text as the 16 hexadecimal digits of its keyed hash: readers of tables round a number of 64 bits. */
export function hashText(key: ReleaseKey, text: string): string {
  return key.hash(text).toString(16).padStart(16, '0');
}

/**
 * A key of 32 random bytes, or the one given.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for a key that is not 32 bytes long
 */
export function createReleaseKey(key?: Uint8Array): ReleaseKey {
  if (key !== undefined && key.length !== keyBytes) {
    throw prepareOptionsError('an anonymizer', [`the key has ${key.length} bytes, wanted ${keyBytes}`]);
  }
  // A copy: the caller may wipe its own.
  return buildKey(key === undefined ? randomBytes(keyBytes) : Buffer.from(key), key !== undefined);
}

function buildKey(secret: Buffer, isKept: boolean): ReleaseKey {
  const known = new Map<string, bigint>();
  let isDestroyed = false;
  const use = (): Buffer => {
    if (isDestroyed) throw keyDestroyedError();
    return secret;
  };
  return {
    get state(): KeyState {
      if (isKept) return 'kept';
      return isDestroyed ? 'destroyed' : 'in use';
    },
    hash(text) {
      const key = use();
      const found = known.get(text);
      if (found !== undefined) return found;
      const hash = createHmac('sha256', key).update(text, 'utf8').digest().readBigUInt64BE(0);
      if (known.size >= cachedNames) known.clear();
      known.set(text, hash);
      return hash;
    },
    derive(purpose, byteCount) {
      const streamKey = createHmac('sha256', use()).update(`derive ${purpose}`).digest();
      return createCipheriv('aes-256-ctr', streamKey, Buffer.alloc(16)).update(Buffer.alloc(byteCount));
    },
    assertUsable: () => void use(),
    destroy() {
      isDestroyed = true;
      secret.fill(0);
      known.clear();
    },
  };
}
