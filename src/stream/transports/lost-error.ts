// How every transport of the client says that its connection cannot be made or is lost.
import type { RuvectorError } from '../../core/index.ts';
import { WireErrorCode, wireError } from '../../sockets/index.ts';

/** A connection that can be tried again, code `ERR_WIRE_DISCONNECTED`. */
export function lostError(endpoint: string, state: string, cause?: unknown): RuvectorError {
  return wireError(
    WireErrorCode.DISCONNECTED,
    `Cannot read stream "${endpoint}": ${state}; it is tried again unless reconnecting is off`,
    { cause },
  );
}
