// The one error of the decoders.
import type { RuvectorError } from '../../core/index.ts';
import { WireErrorCode, wireError } from '../../sockets/index.ts';
import type { StreamFormat } from '../stream-contract.ts';

/** Builds the error of bytes that are not a message of the format. */
export function malformed(format: StreamFormat, state: string, cause?: unknown): RuvectorError {
  return wireError(
    WireErrorCode.STREAM_DECODE,
    `Cannot decode stream as "${format}": ${state}; see docs/streams.md`,
    { cause, details: { format } },
  );
}
