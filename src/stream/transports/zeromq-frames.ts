// The frames of a stream over ZeroMQ: a type name in ASCII, then one payload. docs/streams.md
import { streamPayloadError } from '../errors.ts';

/** Subscriber → server. */
export const SUBSCRIBE = 'SUBSCRIBE';
export const CREDIT = 'CREDIT';
/** Server → subscriber. */
export const EVENTS = 'EVENTS';
export const ERROR = 'ERROR';
/** Server → subscriber that has nothing to read: finds out whether it is still there. */
export const PING = 'PING';
/** Both. */
export const BYE = 'BYE';

/** Messages that may be on their way to one subscriber. */
export const CREDIT_WINDOW = 16;
/** A credit message counts for this many events messages. */
export const CREDIT_STEP = 4;
/** Largest frame either side takes. */
export const MAX_FRAME_BYTES = 16 * 2 ** 20;

/** Builds a message. */
export function buildFrames(type: string, payload?: Uint8Array | object): Uint8Array[] {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(payload ? JSON.stringify(payload) : '');
  return [Buffer.from(type, 'ascii'), bytes];
}

/** The JSON object in a payload. @throws RuvectorError `ERR_WIRE_FRAME` */
export function parsePayload(payload: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // named below
  }
  throw streamPayloadError();
}
