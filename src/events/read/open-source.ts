// The reader that fits a file: by its content, or by what the caller says it is.
import { parseRecordingHeader } from '../header/index.ts';
import type { HeaderField, RecordingHeader } from '../header/index.ts';
import { selectDecoders } from '../kernels/decoders.ts';
import { WORD_BYTES } from '../model/index.ts';
import type { EventSource, WordFormat } from '../model/index.ts';
import { openTextSource } from '../text/index.ts';
import { openByteInput } from './byte-input.ts';
import type { ByteInput } from './byte-input.ts';
import type { FormatOptions, SourceOptions } from './source-options.ts';
import { planSelection } from './filtered-source.ts';
import { rewindInput } from './rewound-input.ts';
import { WordSource } from './word-source.ts';

/**
 * Opens a recording.
 * @param path a file, a named pipe, or `-` for standard input
 * @throws RuvectorError `ERR_EVENTS_*`; the signal's reason
 */
export async function openEventSource(
  path: string,
  options: SourceOptions = {},
  signal?: AbortSignal,
): Promise<EventSource> {
  const select = planSelection(options);
  const input = await openByteInput(path, signal);
  try {
    const { header, bytes } = await readHead(input, options, signal);
    return select(await openByFormat(input, header, bytes, options, signal));
  } catch (error) {
    await input[Symbol.asyncDispose]();
    throw error;
  }
}

const isWords = (format: string): format is WordFormat => Object.hasOwn(WORD_BYTES, format);

function openByFormat(
  input: ByteInput,
  header: RecordingHeader,
  bytes: Uint8Array,
  options: SourceOptions,
  signal: AbortSignal | undefined,
): EventSource | Promise<EventSource> {
  const { format } = header;
  if (isWords(format)) return openWords(input, { ...header, format }, bytes, options);
  return openTextSource(rewindInput(input, bytes), options, signal);
}

function openWords(
  input: ByteInput,
  { format, dataOffset, geometry, fields, dat }: RecordingHeader & { readonly format: WordFormat },
  bytes: Uint8Array,
  { polarity, geometry: declared, dropOutside }: FormatOptions,
): EventSource {
  const known = declared ?? geometry;
  const decoders = selectDecoders();
  const decoder = decoders.createDecoder(format, {
    ...(polarity === undefined ? {} : { polarity }),
    ...(dropOutside === undefined ? {} : { dropOutside }),
    geometry: known,
    dat,
  });
  const head = { format, geometry: known ?? null, header: toRecord(fields), notes: [] };
  return new WordSource(input, head, bytes.subarray(dataOffset), decoder, decoders);
}

/** Of keys that stand there twice the last one counts. */
const toRecord = (fields: readonly HeaderField[]): Record<string, string> =>
  Object.fromEntries(fields.map(({ key, value }) => [key, value]));

/** Nearly all headers are shorter. */
const HEAD_BYTES = 64 * 1024;

/** Reads as much of the beginning as its header needs. */
async function readHead(
  input: ByteInput,
  { format, datVersion }: FormatOptions,
  signal: AbortSignal | undefined,
): Promise<{ readonly header: RecordingHeader; readonly bytes: Uint8Array }> {
  let memory = new Uint8Array(HEAD_BYTES);
  let length = 0;
  for (;;) {
    const read = await input.read(memory.subarray(length), signal);
    length += read;
    const isWhole = read === 0 || length === input.sizeBytes;
    const bytes = memory.subarray(0, length);
    const header = parseRecordingHeader(bytes, { source: input.source, isWhole, format, datVersion });
    if (header) return { header, bytes };
    if (length < memory.length) continue;
    const larger = new Uint8Array(memory.length * 2);
    larger.set(memory);
    memory = larger;
  }
}
