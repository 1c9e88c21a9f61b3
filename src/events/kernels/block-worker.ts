// Worker thread entry: claims blocks of a file in order, reads each with a little of what stands before it, decodes and
// filters it into its slot. It blocks in Atomics.wait, so it hears no messages: its reader ends it.
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { lookBack } from '../decode/index.ts';
import type { DecoderState } from '../decode/index.ts';
import { WRAP_MICROSECONDS } from '../model/index.ts';
import {
  CONSUMED,
  countBlocks,
  ENDED,
  NEXT,
  readEndState,
  readyWord,
  viewBlockRing,
  writeEndState,
  writeResults,
} from './block-ring.ts';
import type { BlockFailure, BlockWorkerData } from './block-ring.ts';
import { KernelDecoder } from './kernel-decoder.ts';
import { createEventFilter } from './kernel-filter.ts';
import { KernelMemory } from './kernel-memory.ts';

/** How far back a state is looked for. Where it lies further back, the block waits for the one before. */
const LOOK_BACK_BYTES = 16_384;

const { ring, arena } = workerData as BlockWorkerData;
const views = viewBlockRing(ring);
const { words } = views;
const memory = new KernelMemory(ring.handle, arena);
const input = memory.allocateBytes(LOOK_BACK_BYTES + ring.blockBytes);
const decoder = new KernelDecoder(memory, ring.format, ring.options);
const filter = ring.filter && createEventFilter(ring.filter, memory);
const blocks = countBlocks(ring);
const turn = WRAP_MICROSECONDS[ring.format];

/** The file ended before its end. */
class CutFile extends Error {}

/** Waits until a control word that only grows is at least `least`. */
function waitFor(word: number, least: number): void {
  for (;;) {
    const value = Atomics.load(words, word);
    if (value >= least) return;
    Atomics.wait(words, word, value);
  }
}

/** Reads from `startByte` up to `endByte` to the beginning of the input. */
function readBytes(startByte: number, endByte: number): Uint8Array {
  const wanted = endByte - startByte;
  let at = 0;
  while (at < wanted) {
    const bytes = readSync(ring.descriptor, input, at, wanted - at, startByte + at);
    if (bytes === 0) throw new CutFile(`the file ends at byte ${String(startByte + at)}`);
    at += bytes;
  }
  return input.subarray(0, wanted);
}

/** Decodes one block. @returns whether its state came from the block before, with all turns of the clock */
function decodeBlock(block: number, bytes: Uint8Array, before: Uint8Array): boolean {
  const state = lookBack(ring.format, before, block === 0 || before.length === block * ring.blockBytes);
  if (!state) waitFor(ENDED, block);
  decoder.restart(state ?? readEndState(views));
  const slot = block % ring.events.length;
  const events = views.events[slot]!;
  const triggers = views.triggers[slot]!;
  events.length = 0;
  triggers.length = 0;
  if (decoder.decode(bytes, events, triggers) < bytes.length)
    throw new Error('a slot is too small for its block');
  if (block === blocks - 1) decoder.finish();
  return state === undefined;
}

/** Waits for the blocks before, adds their turns of the clock, and tells the next block. */
function joinBlock(block: number, isJoined: boolean): void {
  waitFor(ENDED, block);
  const turns = isJoined || block === 0 ? 0 : readEndState(views).wraps;
  const state: DecoderState = decoder.state();
  state.wraps += turns;
  writeEndState(views, state);
  Atomics.store(words, ENDED, block + 1);
  Atomics.notify(words, ENDED);
  if (turns === 0) return;
  const slot = block % ring.events.length;
  const shift = BigInt(turns) * BigInt(turn);
  for (const { t, length } of [views.events[slot]!, views.triggers[slot]!]) {
    memory.kernels.shiftTimes(t.byteOffset, length, shift);
  }
}

function runBlock(block: number): void {
  const slots = ring.events.length;
  waitFor(CONSUMED, block - slots + 1);
  const startByte = ring.startByte + block * ring.blockBytes;
  const backBytes = Math.min(LOOK_BACK_BYTES, block * ring.blockBytes);
  const bytes = readBytes(startByte - backBytes, Math.min(startByte + ring.blockBytes, ring.endByte));
  const isJoined = decodeBlock(block, bytes.subarray(backBytes), bytes.subarray(0, backBytes));
  joinBlock(block, isJoined);
  const slot = block % slots;
  filter?.apply(views.events[slot]!);
  writeResults(views, slot, decoder.counts);
  Atomics.store(words, readyWord(slot), block + 1);
  Atomics.notify(words, readyWord(slot));
}

let block = 0;
try {
  for (;;) {
    block = Atomics.add(words, NEXT, 1);
    if (block >= blocks) break;
    runBlock(block);
  }
} catch (error) {
  const byte = ring.startByte + block * ring.blockBytes;
  const failure: BlockFailure = { byte, isCut: error instanceof CutFile, cause: error };
  parentPort!.postMessage(failure, []);
}
