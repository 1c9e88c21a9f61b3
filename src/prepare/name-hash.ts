// Keyed hashing of process names (HMAC-SHA-256, RFC 2104, first 64 bits). This is pseudonymisation,
// not anonymity: equal names stay equal, pid and start time stay, and who holds the key can find a
// name by hashing guesses. Keep the key on the host and never beside the data.
import { createHmac, randomBytes } from 'node:crypto';
import { required, processKind } from '../core/index.ts';
import type { Field, ProcessRecord, RecordKind } from '../core/index.ts';
import { PrepareOptionsError } from './errors.ts';

const keyBytes = 32;
const cachedNames = 4096;

/** Hashes a process name to 64 bits. */
export type NameHasher = (name: string) => bigint;

/** A process record whose name is replaced by its keyed hash. All other fields are unchanged. */
export type AnonymousProcessRecord = Omit<ProcessRecord, 'name'> & { name_hash: bigint };

/** The process kind with `name_hash` (uint64) in the place of `name`. */
export const anonymousProcessKind: RecordKind = {
  name: 'process_anonymous',
  version: processKind.version,
  fields: processKind.fields.map((field): Field => (field.name === 'name' ? nameHashField() : field)),
};

/** A new random key of 32 bytes. One key a dataset keeps datasets from being joined by name. */
export function createAnonymizingKey(): Uint8Array {
  return new Uint8Array(randomBytes(keyBytes));
}

/**
 * A hasher with the given key: the first 8 bytes, big-endian, of HMAC-SHA-256(key, UTF-8 name).
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for a key shorter than 32 bytes
 */
export function createNameHasher(key: Uint8Array): NameHasher {
  if (key.length < keyBytes) {
    throw new PrepareOptionsError('a name hasher', [
      `the key has ${key.length} bytes, wanted at least ${keyBytes}`,
    ]);
  }
  const secret = Buffer.from(key); // a copy: the caller may wipe its own
  const known = new Map<string, bigint>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const hash = createHmac('sha256', secret).update(name, 'utf8').digest().readBigUInt64BE(0);
    if (known.size >= cachedNames) known.clear();
    known.set(name, hash);
    return hash;
  };
}

/** Replaces `name` by `name_hash` in each record. */
export function anonymizeProcessRows(
  rows: Iterable<ProcessRecord>,
  hashName: NameHasher,
): AnonymousProcessRecord[] {
  return Array.from(rows, ({ name, ...rest }) => ({ ...rest, name_hash: hashName(name) }));
}

function nameHashField(): Field {
  return required('name_hash', 'uint64', 'keyed hash of the command name', 'HMAC-SHA-256, first 64 bits');
}
