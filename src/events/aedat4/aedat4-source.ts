// An AEDAT4 file as a source of events.
import { openFedSource } from '../feed/index.ts';
import type { ByteFeed } from '../feed/index.ts';
import type { EventSource } from '../model/index.ts';
import { Aedat4Decoder } from './decode-aedat4.ts';
import type { Aedat4Options } from './decode-aedat4.ts';

/**
 * Opens a file: its header is read. The input is closed with it.
 * @throws RuvectorError `ERR_EVENTS_FORMAT`, `ERR_EVENTS_DATA`; what the input throws
 */
export async function openAedat4Source(
  input: ByteFeed,
  options: Aedat4Options = {},
  signal?: AbortSignal,
): Promise<EventSource> {
  const decoder = new Aedat4Decoder({ ...options, source: input.source });
  return openFedSource(input, decoder, options.resolution ?? 'us', signal);
}
