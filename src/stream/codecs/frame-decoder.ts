// A byte stream in pieces of any size → whole frames → events. Each byte is scanned once, however the
// pieces are cut, and no more than one frame is kept.
import { decodeError } from '../errors.ts';
import type { StreamDecoder, StreamEvent, StreamFormat } from '../stream-contract.ts';

/**
 * Finds the end of the frame that `bytes` begins with: its length, or -1 while it is not whole. Called
 * again with the same bytes and more, it goes on where it stopped; after a length it begins anew.
 */
export type FrameScanner = (bytes: Uint8Array) => number;

/** How a format cuts bytes into frames and reads one of them. A frame holds one event or a batch of them. */
export interface FrameFormat {
  readonly createScanner: () => FrameScanner;
  /** Adds the events of a whole frame to `events`. */
  readonly decodeFrame: (frame: Uint8Array, events: StreamEvent[]) => void;
}

/**
 * Most events of one message, or of one frame that holds a batch: a few bytes stand for a whole row, so
 * that the size alone would allow a gigabyte of rows.
 */
export const MAX_EVENTS = 2 ** 18;

const FIRST_BYTES = 4096;

/** Creates the decoder of one byte stream. After an error it stays failed: the frames' borders are lost. */
export function createFrameDecoder(
  format: StreamFormat,
  { createScanner, decodeFrame }: FrameFormat,
  maxFrameBytes: number,
): StreamDecoder {
  const scan = createScanner();
  let buffer = new Uint8Array(0);
  let length = 0;
  let failure: Error | null = null;

  const take = (bytes: Uint8Array): StreamEvent[] => {
    const events: StreamEvent[] = [];
    // Without a remainder the caller's bytes are read in place; decoded events never refer to them.
    let rest = length === 0 ? bytes : append(bytes);
    for (let size = scan(rest); size >= 0; size = rest.byteLength > 0 ? scan(rest) : -1) {
      assertSize(size);
      decodeFrame(rest.subarray(0, size), events);
      rest = rest.subarray(size);
    }
    assertSize(rest.byteLength);
    keep(rest);
    return events;
  };

  const append = (bytes: Uint8Array): Uint8Array => {
    reserve(length + bytes.byteLength);
    buffer.set(bytes, length);
    length += bytes.byteLength;
    return buffer.subarray(0, length);
  };

  const keep = (rest: Uint8Array): void => {
    if (rest.buffer === buffer.buffer) {
      // Only what was taken off the front makes the rest move: one byte at a time stays linear.
      if (rest.byteOffset > 0) buffer.copyWithin(0, rest.byteOffset, rest.byteOffset + rest.byteLength);
    } else {
      reserve(rest.byteLength);
      buffer.set(rest);
    }
    length = rest.byteLength;
  };

  const reserve = (size: number): void => {
    if (size <= buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(FIRST_BYTES, size, buffer.byteLength * 2));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };

  const assertSize = (size: number): void => {
    if (size <= maxFrameBytes) return;
    throw decodeError(format, `an event of more than ${maxFrameBytes} bytes`);
  };

  return {
    push(bytes) {
      if (failure !== null) throw failure;
      if (bytes.byteLength === 0) return [];
      try {
        return take(bytes);
      } catch (error) {
        failure = error as Error;
        buffer = new Uint8Array(0);
        throw error;
      }
    },
    end() {
      if (failure !== null) throw failure;
      if (length > 0)
        throw decodeError(format, `the stream ends within an event, after ${length} bytes of it`);
    },
  };
}
