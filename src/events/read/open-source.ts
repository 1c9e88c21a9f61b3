// The reader that fits a file: by its content, or by what the caller says it is.
import { openAedat4Source } from '../aedat4/index.ts';
import type { EventFilterOptions } from '../filter/index.ts';
import { parseRecordingHeader } from '../header/index.ts';
import type { HeaderField, RecordingHeader } from '../header/index.ts';
import { openHdf5Source } from '../hdf5/index.ts';
import { createKernelDecoders } from '../kernels/decoders.ts';
import { createEventFilter, createPlainLines, findKernelObstacle, selectDecoders } from '../kernels/index.ts';
import { KernelMemory } from '../kernels/kernel-memory.ts';
import { WORD_BYTES } from '../model/index.ts';
import type { EventSource, WordFormat } from '../model/index.ts';
import { openTextSource } from '../text/index.ts';
import { openByteInput, pathOf } from './byte-input.ts';
import type { ByteInput } from './byte-input.ts';
import { recordingError, unreadableError } from './errors.ts';
import { FilteredSource } from './filtered-source.ts';
import { rewindInput } from './rewound-input.ts';
import { isByEvent, planSelection } from './selection.ts';
import type { FormatOptions, SourceOptions } from './source-options.ts';
import { WordSource } from './word-source.ts';
import { openWorkerSource } from './worker-source.ts';

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
  const selection = planSelection(options);
  const input = await openByteInput(path, signal);
  try {
    const { header, bytes } = await readHead(input, options, signal);
    const opening: Opening = { input, header, bytes, options, selection, memory: createKernelMemory() };
    return await openByFormat(opening, signal);
  } catch (error) {
    await input[Symbol.asyncDispose]();
    if (signal?.aborted) throw error;
    throw unreadableError(path, error);
  }
}

/** What is known of a recording that is being opened. */
interface Opening {
  readonly input: ByteInput;
  readonly header: RecordingHeader;
  /** What was read for the header. */
  readonly bytes: Uint8Array;
  readonly options: SourceOptions;
  readonly selection: EventFilterOptions | null;
  /** Of decoders and filters; null where kernels cannot run. */
  readonly memory: KernelMemory | null;
}

const createKernelMemory = (): KernelMemory | null =>
  findKernelObstacle() === null ? new KernelMemory() : null;

const isWords = (format: string): format is WordFormat => Object.hasOwn(WORD_BYTES, format);

async function openByFormat(opening: Opening, signal: AbortSignal | undefined): Promise<EventSource> {
  const { input, header, bytes, options, memory } = opening;
  const { format } = header;
  if (isWords(format)) return openWords({ ...opening, header: { ...header, format } });
  if (format === 'aedat4') {
    return select(opening, await openAedat4Source(rewindInput(input, bytes), options, signal));
  }
  if (format === 'hdf5') return select(opening, await openHdf5(input, options));
  const text = { ...options, plainLines: createPlainLines(memory) };
  return select(opening, await openTextSource(rewindInput(input, bytes), text, signal));
}

/** Leaves the events that are wanted. */
function select({ selection, memory }: Opening, source: EventSource): EventSource {
  if (selection === null) return source;
  const geometry = source.geometry ?? undefined;
  return new FilteredSource(source, createEventFilter({ ...selection, geometry }, memory));
}

/** Its reader goes from place to place in the file, which it opens itself. */
async function openHdf5(input: ByteInput, options: FormatOptions): Promise<EventSource> {
  if (input.sizeBytes === null) {
    throw recordingError(
      input.source,
      'an HDF5 file is read at any place of it, and this is a pipe',
      'name a file',
    );
  }
  const source = await openHdf5Source(pathOf(input.source), options);
  await input[Symbol.asyncDispose]();
  return source;
}

async function openWords(
  opening: Opening & { readonly header: RecordingHeader & { readonly format: WordFormat } },
): Promise<EventSource> {
  const { input, header, bytes, options, memory, selection } = opening;
  const { format, dataOffset, fields, dat } = header;
  const { polarity, dropOutside, workers = 0 } = options;
  const geometry = options.geometry ?? header.geometry;
  const decoder = {
    ...(polarity === undefined ? {} : { polarity }),
    ...(dropOutside === undefined ? {} : { dropOutside }),
    geometry,
    dat,
  };
  const head = { format, geometry: geometry ?? null, header: toRecord(fields), notes: [] };
  const isShared = workers > 0 && memory !== null && input.sizeBytes !== null;
  if (isShared) {
    const range = { source: pathOf(input.source), startByte: dataOffset, endByte: input.sizeBytes };
    const isFilteredThere = selection !== null && isByEvent(selection);
    const plan = { workers, decoder, ...(isFilteredThere && { filter: selection }) };
    const source = await openWorkerSource(head, range, plan);
    await input[Symbol.asyncDispose]();
    return isFilteredThere ? source : select(opening, source);
  }
  const decoders = memory ? createKernelDecoders(memory) : selectDecoders({ engine: 'typescript' });
  const words = decoders.createDecoder(format, decoder);
  return select(opening, new WordSource(input, head, bytes.subarray(dataOffset), words, decoders));
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
