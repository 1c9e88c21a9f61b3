// The shared memory between one reader and its decoding workers: blocks of a file are claimed in order, decoded side by
// side, and taken in order. Here is who writes what; block-worker.ts decodes, read-in-workers.ts takes.
//
//   control words, each on a cache line of its own, at the head of the kernels' memory
//     NEXT      the next block nobody claimed          workers add 1
//     CONSUMED  blocks that were taken                 reader
//     ENDED     blocks whose end state is known        workers, in order
//     READY     one a slot: block + 1 when it is full  workers
//   A block waits for its slot until CONSUMED > block − slots. What a block's end state is, the next block's worker may
//   read as soon as ENDED says so: the clock's turns of all blocks before, and everything where looking back finds nothing.
import type { DecoderOptions, DecoderState } from '../decode/index.ts';
import type { EventFilterOptions } from '../filter/index.ts';
import { createEventSlot, createReadCounts } from '../model/index.ts';
import type { EventSlot, ReadCounts, TriggerSlot, WordFormat } from '../model/index.ts';
import type { KernelHandle, MemoryArena } from './kernel-memory.ts';
import { viewTriggerSlot } from './kernel-memory.ts';

const LINE_WORDS = 16;
export const NEXT = 0;
export const CONSUMED = LINE_WORDS;
export const ENDED = 2 * LINE_WORDS;
const FIRST_READY = 3 * LINE_WORDS;
/** Most slots that have a word. */
export const MOST_SLOTS = 32;
const CONTROL_WORDS = FIRST_READY + MOST_SLOTS * LINE_WORDS;

/** Index of a slot's READY word. */
export const readyWord = (slot: number): number => FIRST_READY + slot * LINE_WORDS;

const COUNT_NAMES = Object.keys(createReadCounts()) as (keyof ReadCounts)[];
const STATE_NAMES = [
  'timeHigh',
  'timeLow',
  'wraps',
  'y',
  'baseX',
  'vectorPolarity',
  'vectorWord',
  'restMask',
] as const satisfies readonly (keyof DecoderState)[];

/** Bytes of a slot's results: lengths of its columns and counts. */
export const RESULT_BYTES = (2 + COUNT_NAMES.length) * 8;
/** Bytes of the end state. */
export const END_STATE_BYTES = (1 + STATE_NAMES.length) * 8;

/** Everything a worker needs; it may be posted. */
export interface BlockRing {
  readonly handle: KernelHandle;
  /** Descriptors belong to the process: workers read what the reader opened. */
  readonly descriptor: number;
  readonly format: WordFormat;
  readonly options: DecoderOptions;
  readonly filter: EventFilterOptions | undefined;
  readonly startByte: number;
  readonly endByte: number;
  readonly blockBytes: number;
  readonly eventCapacity: number;
  readonly triggerCapacity: number;
  /** Addresses, one a slot. */
  readonly events: readonly number[];
  readonly triggers: readonly number[];
  readonly results: readonly number[];
  readonly endState: number;
}

/** What one worker is started with. */
export interface BlockWorkerData {
  readonly ring: BlockRing;
  readonly arena: MemoryArena;
}

/** What a worker says before it ends early. */
export interface BlockFailure {
  /** Where the block at hand begins. */
  readonly byte: number;
  /** The file ended before its end. */
  readonly isCut: boolean;
  readonly cause: unknown;
}

/** One thread's views of a ring. */
export interface RingViews {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly events: readonly EventSlot[];
  readonly triggers: readonly TriggerSlot[];
  readonly results: readonly Float64Array[];
  readonly endState: Float64Array;
}

/** Maps a ring. */
export function viewBlockRing(ring: BlockRing): RingViews {
  const { buffer } = ring.handle.memory;
  return {
    words: new Int32Array(buffer, 0, CONTROL_WORDS),
    events: ring.events.map((at) => createEventSlot(ring.eventCapacity, buffer, at)),
    triggers: ring.triggers.map((at) => viewTriggerSlot(buffer, at, ring.triggerCapacity)),
    results: ring.results.map((at) => new Float64Array(buffer, at, RESULT_BYTES / 8)),
    endState: new Float64Array(buffer, ring.endState, END_STATE_BYTES / 8),
  };
}

/** How many blocks there are. */
export const countBlocks = ({ startByte, endByte, blockBytes }: BlockRing): number =>
  Math.ceil((endByte - startByte) / blockBytes);

/** Worker: notes how long a slot's columns are and what was counted. */
export function writeResults(views: RingViews, slot: number, counts: ReadCounts): void {
  const results = views.results[slot]!;
  results[0] = views.events[slot]!.length;
  results[1] = views.triggers[slot]!.length;
  COUNT_NAMES.forEach((name, i) => (results[2 + i] = counts[name]));
}

/** Reader: sets the lengths of a slot's columns. @returns what was counted */
export function readResults(views: RingViews, slot: number): ReadCounts {
  const results = views.results[slot]!;
  views.events[slot]!.length = results[0]!;
  views.triggers[slot]!.length = results[1]!;
  const counts = createReadCounts();
  COUNT_NAMES.forEach((name, i) => (counts[name] = results[2 + i]!));
  return counts;
}

/** Worker: says how the block ends that ENDED counts next. */
export function writeEndState({ endState }: RingViews, state: DecoderState): void {
  endState[0] = Number(state.hasTime);
  STATE_NAMES.forEach((name, i) => (endState[1 + i] = state[name]));
}

/** Worker: how the blocks before ended. */
export function readEndState({ endState }: RingViews): DecoderState {
  const values = Object.fromEntries(STATE_NAMES.map((name, i) => [name, endState[1 + i]!]));
  return { ...(values as Omit<DecoderState, 'hasTime'>), hasTime: endState[0] === 1 };
}
