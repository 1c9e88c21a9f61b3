// How large the chunks of a reading are, by what the caller allows and what memory there is. A limit that the caller
// names is kept or refused; memory that is merely scarce makes chunks smaller, and that is said.
import { eventOptionsError } from '../model/index.ts';
import { readAvailableMemory } from './available-memory.ts';
import { BYTES_PER_EVENT, calculateOptimalChunkSize, FEWEST_EVENTS, SHARE_OF_MEMORY } from './chunk-size.ts';
import { eventMemoryError } from './errors.ts';

const MIB = 1024 ** 2;

/** What a caller may say of memory. */
export interface ChunkOptions {
  /** Events of a chunk. @default what memory allows, 100,000 to 10 million */
  readonly chunkSize?: number | undefined;
  /** MiB for the chunks in flight; the result of a full load is beside it. @default a quarter of what is available */
  readonly memoryLimitMb?: number | undefined;
}

/** The chunks of one reading. */
export interface ChunkPlan {
  readonly chunkSize: number;
  /** True when nobody asked for this size. */
  readonly isAdaptive: boolean;
  readonly notes: readonly string[];
}

/**
 * Chooses the size of chunks.
 * @param totalEvents null where it is not known
 * @throws RuvectorError `ERR_EVENTS_OPTIONS`; `ERR_EVENTS_MEMORY` for a limit that the caller named below one chunk
 */
export function planChunks(
  source: string,
  { chunkSize, memoryLimitMb }: ChunkOptions,
  totalEvents: number | null = null,
  availableBytes: number = readAvailableMemory(),
): ChunkPlan {
  assertNumbers(chunkSize, memoryLimitMb);
  if (chunkSize === undefined) {
    const limitBytes = memoryLimitMb === undefined ? availableBytes * SHARE_OF_MEMORY : memoryLimitMb * MIB;
    const isTooSmall = limitBytes < FEWEST_EVENTS * BYTES_PER_EVENT;
    if (isTooSmall && memoryLimitMb !== undefined) throw limitError(source, memoryLimitMb, FEWEST_EVENTS);
    const size = calculateOptimalChunkSize(totalEvents, limitBytes / SHARE_OF_MEMORY / MIB);
    return { chunkSize: size, isAdaptive: true, notes: isTooSmall ? [scarceNote(availableBytes, size)] : [] };
  }
  if (memoryLimitMb !== undefined) {
    if (chunkSize * BYTES_PER_EVENT > memoryLimitMb * MIB) throw limitError(source, memoryLimitMb, chunkSize);
    return { chunkSize, isAdaptive: false, notes: [] };
  }
  const most = Math.max(FEWEST_EVENTS, Math.floor((availableBytes * SHARE_OF_MEMORY) / BYTES_PER_EVENT));
  if (chunkSize <= most) return { chunkSize, isAdaptive: false, notes: [] };
  return { chunkSize: most, isAdaptive: false, notes: [scarceNote(availableBytes, most)] };
}

function assertNumbers(chunkSize: number | undefined, memoryLimitMb: number | undefined): void {
  if (chunkSize !== undefined && !(Number.isSafeInteger(chunkSize) && chunkSize > 0)) {
    throw eventOptionsError(
      'chunkSize',
      chunkSize,
      'it is no number of events',
      'give a whole number from 1 on',
    );
  }
  if (memoryLimitMb !== undefined && !(memoryLimitMb > 0)) {
    throw eventOptionsError('memoryLimitMb', memoryLimitMb, 'it is no size', 'give a number of MiB above 0');
  }
}

const scarceNote = (availableBytes: number, events: number): string =>
  `memory is scarce (${Math.floor(availableBytes / MIB)} MiB available): chunks of ${events} events`;

/** In MiB, rounded up so that what is told works. */
const leastMb = (events: number): number => Math.ceil(((events * BYTES_PER_EVENT) / MIB) * 100) / 100;

const limitError = (source: string, memoryLimitMb: number, events: number): Error =>
  eventMemoryError(
    'read',
    source,
    `a memory limit of ${memoryLimitMb} MiB is below one chunk of ${events} events`,
    leastMb(events),
    `allow at least ${leastMb(events)} MiB${events > 1 ? ', or ask for smaller chunks' : ''}`,
  );
