// A text file as a source of events.
import { openFedSource } from '../feed/index.ts';
import type { ByteFeed, FeedDecoder } from '../feed/index.ts';
import type { EventSource } from '../model/index.ts';
import { TextEventDecoder } from './decode-text.ts';
import type { TextReadOptions } from './text-options.ts';

/** How a text is opened. */
export interface TextSourceOptions extends TextReadOptions {
  /** Decodes the bytes, in WebAssembly for example. @default a {@link TextEventDecoder} of these options */
  readonly decoder?: FeedDecoder | undefined;
}

/**
 * Opens a text: its comments, its row of names and its first event are read. The input is closed with it.
 * @throws RuvectorError `ERR_EVENTS_DATA`, `ERR_EVENTS_TIME_UNIT`, `ERR_EVENTS_OPTIONS`; what the input throws
 */
export async function openTextSource(
  input: ByteFeed,
  options: TextSourceOptions = {},
  signal?: AbortSignal,
): Promise<EventSource> {
  const decoder = options.decoder ?? new TextEventDecoder({ ...options, source: input.source });
  return openFedSource(input, decoder, options.resolution ?? 'us', signal);
}
