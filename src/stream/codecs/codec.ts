// The four formats of a data stream behind one contract. Pure bytes: no sockets, no subscribers.
// Specification: docs/streams.md, "Formats"; test/golden/stream holds vectors made by other encoders.
import { RuvectorError, messageOf } from '../../core/index.ts';
import { decodeArrow } from './decode-arrow.ts';
import { decodeJsonLines } from './decode-jsonlines.ts';
import { decodeMsgpack } from './decode-msgpack.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import { encodeArrow } from './encode-arrow.ts';
import { encodeJsonLines } from './encode-jsonlines.ts';
import { encodeMsgpack } from './encode-msgpack.ts';
import { encodeProtobuf } from './encode-protobuf.ts';
import { MAX_EVENTS, createFrameDecoder } from './frame-decoder.ts';
import type { FrameFormat } from './frame-decoder.ts';
import { publishedKinds } from '../published-kinds.ts';
import { decodeError } from '../errors.ts';
import type { StreamCodec, StreamEvent, StreamFormat, StreamKinds } from '../stream-contract.ts';

/** Largest message that is decoded, and largest frame of a byte stream. */
export const MAX_MESSAGE_BYTES = 16 * 2 ** 20;

/** Builds the encoder of a format for the given columns. */
export type StreamEncoder = (kinds: StreamKinds) => (events: readonly StreamEvent[]) => Uint8Array;

const encoders: Readonly<Record<StreamFormat, StreamEncoder>> = {
  jsonlines: encodeJsonLines,
  msgpack: encodeMsgpack,
  protobuf: encodeProtobuf,
  arrow: encodeArrow,
};

const formats: Readonly<Record<StreamFormat, (kinds: StreamKinds) => FrameFormat>> = {
  jsonlines: decodeJsonLines,
  msgpack: decodeMsgpack,
  protobuf: decodeProtobuf,
  arrow: decodeArrow,
};

export interface StreamCodecOptions {
  /** Larger messages, and larger frames of a byte stream, are refused. @default 16 MiB */
  readonly maxMessageBytes?: number;
}

/**
 * Creates the codec of a format.
 * @param kinds columns to write, or to read: a decoded row has each of them, in their order, null where
 *   the bytes have none; columns that `kinds` lacks are ignored. A sender passes its own.
 * @default kinds all published columns
 * @throws TypeError when a column has no field in the .proto (protobuf only)
 */
export function createStreamCodec(
  format: StreamFormat,
  kinds: StreamKinds = publishedKinds,
  options: StreamCodecOptions = {},
): StreamCodec {
  const { maxMessageBytes = MAX_MESSAGE_BYTES } = options;
  const frames = guard(format, formats[format](kinds));
  return {
    format,
    encode: encoders[format](kinds),
    decode: (message) => decodeMessage(format, frames, message, maxMessageBytes),
    createDecoder: () => createFrameDecoder(format, frames, maxMessageBytes),
  };
}

function decodeMessage(
  format: StreamFormat,
  { createScanner, decodeFrame }: FrameFormat,
  message: Uint8Array,
  maxMessageBytes: number,
): StreamEvent[] {
  if (message.byteLength > maxMessageBytes) {
    throw decodeError(
      format,
      `a message of ${message.byteLength} bytes, at most ${maxMessageBytes} are read`,
    );
  }
  const events: StreamEvent[] = [];
  const scan = createScanner();
  for (let start = 0; start < message.byteLength;) {
    const rest = message.subarray(start);
    const length = scan(rest);
    if (length < 0) throw decodeError(format, `an event is cut short after ${rest.byteLength} bytes`);
    decodeFrame(rest.subarray(0, length), events);
    if (events.length > MAX_EVENTS) throw decodeError(format, `a message of more than ${MAX_EVENTS} events`);
    start += length;
  }
  return events;
}

/** Hostile bytes may end in any error of the readers below (RangeError of a DataView, SyntaxError, ...). */
function guard(format: StreamFormat, { createScanner, decodeFrame }: FrameFormat): FrameFormat {
  const asDecodeError = <A extends unknown[], R>(run: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      try {
        return run(...args);
      } catch (error) {
        throw error instanceof RuvectorError ? error : decodeError(format, messageOf(error), error);
      }
    };
  };
  return {
    createScanner: () => asDecodeError(createScanner()),
    decodeFrame: asDecodeError(decodeFrame),
  };
}
