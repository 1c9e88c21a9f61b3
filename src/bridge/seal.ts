// Sealed messages: the frames of one message under AES-256-GCM (NIST SP 800-38D), for bulk between hosts. Keys come from
// a session's secret, which travels only over CURVE. Pure bytes: no sockets. docs/protocol.md, "Sealed messages"
//
//   frame 0     envelope and tag, 56 bytes      frame 1 ..   the message's own frames, encrypted, of the same length
//
//   envelope  0   4  magic "RVS1"
//             4   1  version, 1
//             5   1  direction: 0 client to daemon, 1 daemon to client
//             6   2  0
//             8   4  connection: chosen by the client, used once in a session
//             12  4  epoch of the key, from 0
//             16  8  number of the message in its direction of the connection, from 0
//             24  16 session
//             40  16 tag of GCM
//
// Nonce: epoch and number, 4 + 8 bytes, little-endian: never twice under one key, since each direction of a connection has
// a key of its own and the number only grows. Authenticated besides: the envelope and the length of each frame.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { CipherGCM, DecipherGCM } from 'node:crypto';
import { replayedError, sealExhaustedError, tamperedError } from './errors.ts';

export const ENVELOPE_BYTES = 40;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const VERSION = 1;
const MAGIC = 0x31_53_56_52; // "RVS1" read as a little-endian u32
const ALGORITHM = 'aes-256-gcm';
/** A key seals at most so much: far below where GCM becomes weak (2^32 messages, 2^64 bytes for all keys together). */
const REKEY_MESSAGES = 2 ** 20;
const REKEY_BYTES = 2 ** 36;
/** Frame lengths are authenticated as u32. */
const MAX_FRAMES = 66;
/** Encrypted at once where memory may be written over: what the cipher gives stays in the cache until it is copied. */
const CHUNK_BYTES = 2 ** 16;

export const Direction = { TO_DAEMON: 0, TO_CLIENT: 1 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

/** What the keys of one connection are made of. */
export interface SealKeys {
  /** 16 bytes, hexadecimal. */
  readonly session: string;
  /** 32 bytes, hexadecimal. */
  readonly secret: string;
  /** Unique in the session; 0 to 2^32 − 1. */
  readonly connection: number;
}

/** When a new key is taken. */
export interface RekeyLimits {
  /** @default 2^20 */
  readonly messages?: number;
  /** @default 2^36 */
  readonly bytes?: number;
}

/** The envelope of a message that was not opened yet. Nothing in it is true until it was. */
export interface Envelope {
  readonly session: string;
  readonly connection: number;
}

/** The key of an epoch, and what the next one is made of; the one before cannot be computed from it. */
interface Epoch {
  readonly number: number;
  readonly chain: Buffer;
  readonly key: Buffer;
}

function firstEpoch({ session, secret, connection }: SealKeys, direction: Direction): Epoch {
  const info = Buffer.alloc(5);
  info[0] = direction;
  info.writeUInt32LE(connection, 1);
  const label = Buffer.concat([Buffer.from('ruvector bulk chain'), info]);
  return epochOf(0, derive(Buffer.from(secret, 'hex'), Buffer.from(session, 'hex'), label));
}

function epochOf(number: number, chain: Buffer): Epoch {
  return { number, chain, key: derive(chain, Buffer.alloc(0), Buffer.from('ruvector bulk key')) };
}

function nextEpoch({ number, chain }: Epoch): Epoch {
  return epochOf(number + 1, derive(chain, Buffer.alloc(0), Buffer.from('ruvector bulk next')));
}

/** HKDF with SHA-256 (RFC 5869). */
function derive(secret: Buffer, salt: Buffer, info: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES));
}

/** Seals the messages of one direction of a connection, in order. */
export class Sealer {
  readonly #keys: SealKeys;
  readonly #direction: Direction;
  readonly #limits: Required<RekeyLimits>;
  #epoch: Epoch;
  #number = 0;
  #messages = 0;
  #bytes = 0;

  constructor(keys: SealKeys, direction: Direction, limits: RekeyLimits = {}) {
    this.#keys = keys;
    this.#direction = direction;
    this.#limits = { messages: REKEY_MESSAGES, bytes: REKEY_BYTES, ...limits };
    this.#epoch = firstEpoch(keys, direction);
  }

  /**
   * The frames of the next message.
   * @param mayOverwrite nobody reads large frames any more: they are encrypted where they lie
   * @throws RuvectorError `ERR_WIRE_CLOSED` after 2^53 messages
   */
  seal(frames: readonly Uint8Array[], mayOverwrite = false): Uint8Array[] {
    if (this.#messages >= this.#limits.messages || this.#bytes >= this.#limits.bytes) this.#rekey();
    if (this.#number > Number.MAX_SAFE_INTEGER) throw sealExhaustedError();
    const head = Buffer.alloc(ENVELOPE_BYTES + TAG_BYTES);
    const envelope = head.subarray(0, ENVELOPE_BYTES);
    this.#writeEnvelope(envelope);
    const cipher = createCipheriv(ALGORITHM, this.#epoch.key, nonceOf(envelope));
    cipher.setAAD(associatedData(envelope, frames));
    const sealed = update(cipher, frames, mayOverwrite);
    cipher.final();
    cipher.getAuthTag().copy(head, ENVELOPE_BYTES);
    this.#number++;
    this.#messages++;
    for (const frame of frames) this.#bytes += frame.byteLength;
    return [head, ...sealed];
  }

  #rekey(): void {
    this.#epoch = nextEpoch(this.#epoch);
    this.#messages = 0;
    this.#bytes = 0;
  }

  #writeEnvelope(bytes: Buffer): void {
    bytes.writeUInt32LE(MAGIC, 0);
    bytes[4] = VERSION;
    bytes[5] = this.#direction;
    bytes.writeUInt32LE(this.#keys.connection, 8);
    bytes.writeUInt32LE(this.#epoch.number, 12);
    bytes.writeBigUInt64LE(BigInt(this.#number), 16);
    bytes.write(this.#keys.session, 24, 'hex');
  }
}

/**
 * Encrypts or decrypts frames. Node's ciphers only give fresh memory, whose pages cost more than AES itself: where a
 * frame may be written over they give little at a time, and it is given back at once and not when the collector comes by.
 */
function update(
  cipher: CipherGCM | DecipherGCM,
  frames: readonly Uint8Array[],
  mayOverwrite: boolean,
): Uint8Array[] {
  return frames.map((frame) => {
    if (!mayOverwrite || frame.byteLength < CHUNK_BYTES) return cipher.update(frame);
    for (let at = 0; at < frame.byteLength; at += CHUNK_BYTES) {
      const part = frame.subarray(at, at + CHUNK_BYTES);
      const updated = cipher.update(part);
      part.set(updated);
      updated.buffer.transfer(0);
    }
    return frame;
  });
}

/** Opens the messages of one direction of a connection: each once, in order, or none any more. */
export class Opener {
  readonly #keys: SealKeys;
  readonly #direction: Direction;
  #epoch: Epoch;
  #number = 0;
  #isBroken = false;

  constructor(keys: SealKeys, direction: Direction) {
    this.#keys = keys;
    this.#direction = direction;
    this.#epoch = firstEpoch(keys, direction);
  }

  /**
   * The frames as they were sealed.
   * @param mayOverwrite large frames are decrypted where they lie
   * @throws RuvectorError `ERR_WIRE_TAMPERED` for changed bytes, `ERR_WIRE_REPLAYED` for a message that is not the next
   *   one; every later message is refused too
   */
  open(frames: readonly Uint8Array[], mayOverwrite = false): Uint8Array[] {
    if (this.#isBroken) throw tamperedError('an earlier one of this connection did not open');
    try {
      const opened = this.#open(frames, mayOverwrite);
      this.#number++;
      return opened;
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  #open([head, ...sealed]: readonly Uint8Array[], mayOverwrite: boolean): Uint8Array[] {
    const { session, connection, direction, epoch, number } = readEnvelope(head, sealed.length);
    const isOurs =
      session === this.#keys.session && connection === this.#keys.connection && direction === this.#direction;
    if (!isOurs) throw replayedError('it belongs to another connection');
    if (number !== BigInt(this.#number)) {
      throw replayedError(`message ${number} came where ${this.#number} was due`);
    }
    const next = epoch === this.#epoch.number ? this.#epoch : nextEpoch(this.#epoch);
    if (epoch !== next.number) throw tamperedError(`it names key ${epoch}, ${this.#epoch.number} was due`);
    const envelope = Buffer.from(head!.buffer, head!.byteOffset, head!.byteLength);
    const opened = decrypt(next.key, envelope, sealed, mayOverwrite);
    // Only a message that opened may move the key.
    this.#epoch = next;
    return opened;
  }
}

function decrypt(
  key: Buffer,
  head: Buffer,
  sealed: readonly Uint8Array[],
  mayOverwrite: boolean,
): Uint8Array[] {
  const envelope = head.subarray(0, ENVELOPE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(envelope), { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(envelope, sealed));
  decipher.setAuthTag(head.subarray(ENVELOPE_BYTES));
  const opened = update(decipher, sealed, mayOverwrite);
  try {
    decipher.final();
  } catch {
    throw tamperedError('its tag does not fit');
  }
  return opened;
}

/**
 * Session and connection that a message claims.
 * @throws RuvectorError `ERR_WIRE_TAMPERED` for what is no envelope
 */
export function readClaim(head: Uint8Array | undefined): Envelope {
  return readEnvelope(head, 0);
}

function readEnvelope(
  head: Uint8Array | undefined,
  frames: number,
): Envelope & { direction: number; epoch: number; number: bigint } {
  if (head?.byteLength !== ENVELOPE_BYTES + TAG_BYTES || frames > MAX_FRAMES)
    throw tamperedError('it has no envelope');
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const isKnown = bytes.readUInt32LE(0) === MAGIC && bytes[4] === VERSION && bytes.readUInt16LE(6) === 0;
  if (!isKnown) throw tamperedError('its envelope is not of this version');
  return {
    direction: bytes[5]!,
    connection: bytes.readUInt32LE(8),
    epoch: bytes.readUInt32LE(12),
    number: bytes.readBigUInt64LE(16),
    session: bytes.toString('hex', 24, ENVELOPE_BYTES),
  };
}

/** Epoch and number as they stand in the envelope. */
function nonceOf(envelope: Buffer): Buffer {
  return envelope.subarray(12, 12 + NONCE_BYTES);
}

/** So that nothing can be moved from one frame to the next. */
function associatedData(envelope: Buffer, frames: readonly Uint8Array[]): Buffer {
  const data = Buffer.alloc(ENVELOPE_BYTES + 4 * frames.length);
  envelope.copy(data);
  for (const [i, frame] of frames.entries()) data.writeUInt32LE(frame.byteLength, ENVELOPE_BYTES + 4 * i);
  return data;
}
