// The shared memory between the main thread and one inference worker: a ring of request slots, answered in
// order and in place. Single producer, single consumer. Here is only the layout and who writes what; the main
// thread's side is request-queue.ts, the worker's request-answerer.ts.

/** Most probability columns of a model. */
export const MAX_CLASSES = 8;

// Header words, those of each writer on a cache line of their own.
const SIGNAL = 0;
const HEAD = 1;
const TAIL = 16;
const CALL = 32;
const HEADER_WORDS = 48;
// Slot words: session id, status, label, values, features.
const STATUS = 1;
const LABEL = 2;
const VALUES = 3;
const FEATURES = VALUES + MAX_CLASSES;

/** Ring geometry and memory; sent to the worker as it is. */
export interface RequestRing {
  readonly memory: SharedArrayBuffer;
  /** Slots, a power of two. */
  readonly capacity: number;
  readonly featureCount: number;
}

/** Both views of a ring. Positions count up and wrap at 2^32; a slot is `position & (capacity - 1)`. */
export interface RingView {
  readonly words: Int32Array;
  readonly floats: Float32Array;
  readonly capacity: number;
  readonly featureCount: number;
}

/** One answer as the model gave it. */
export interface RawAnswer {
  readonly label: number;
  /** Probabilities, score or value. */
  readonly values: Float32Array;
}

/** Creates an empty ring; the first request lies at `start`. */
export function createRing(featureCount: number, capacity: number, start = 0): RequestRing {
  const words = HEADER_WORDS + capacity * (FEATURES + featureCount);
  const memory = new SharedArrayBuffer(words * 4);
  const header = new Int32Array(memory, 0, HEADER_WORDS);
  header[HEAD] = start;
  header[TAIL] = start;
  return { memory, capacity, featureCount };
}

/** Maps a ring's memory. */
export function viewRing({ memory, capacity, featureCount }: RequestRing): RingView {
  return { words: new Int32Array(memory), floats: new Float32Array(memory), capacity, featureCount };
}

function slotOf(ring: RingView, position: number): number {
  return HEADER_WORDS + (position & (ring.capacity - 1)) * (FEATURES + ring.featureCount);
}

/** Main thread: writes a request at `position` and publishes it. */
export function pushRequest(
  ring: RingView,
  position: number,
  sessionId: number,
  features: Float32Array,
): void {
  const slot = slotOf(ring, position);
  ring.words[slot] = sessionId;
  ring.floats.set(features, slot + FEATURES);
  Atomics.store(ring.words, HEAD, (position + 1) | 0);
  wakeWorker(ring);
}

/** Main thread: wakes the worker for a request or a control message. */
export function wakeWorker(ring: RingView): void {
  Atomics.add(ring.words, SIGNAL, 1);
  Atomics.notify(ring.words, SIGNAL);
}

/** Worker: the signal count, to be read before looking for work and handed to {@link waitForWork}. */
export function readSignal(ring: RingView): number {
  return Atomics.load(ring.words, SIGNAL);
}

/** Worker: blocks until the signal count differs from `seen`. */
export function waitForWork(ring: RingView, seen: number): void {
  Atomics.wait(ring.words, SIGNAL, seen);
}

/** The position behind the last published request. */
export function readRingHead(ring: RingView): number {
  return Atomics.load(ring.words, HEAD);
}

/** Worker: the session a request is for. */
export function sessionIdAt(ring: RingView, position: number): number {
  return ring.words[slotOf(ring, position)]!;
}

/** Worker: copies a request's features into `target`. */
export function copyFeatures(ring: RingView, position: number, target: Float32Array): void {
  const at = slotOf(ring, position) + FEATURES;
  target.set(ring.floats.subarray(at, at + ring.featureCount));
}

/** Worker: writes an answer in place, to be published by {@link publishTail}. */
export function writeAnswer(ring: RingView, position: number, answer: RawAnswer): void {
  const slot = slotOf(ring, position);
  ring.words[slot + STATUS] = 1;
  ring.words[slot + LABEL] = answer.label;
  ring.floats.set(answer.values, slot + VALUES);
}

/** Worker: marks a request as failed; why goes by message, before the tail is published. */
export function writeFailure(ring: RingView, position: number): void {
  ring.words[slotOf(ring, position) + STATUS] = 0;
}

/** Worker: publishes every answer before `tail`. */
export function publishTail(ring: RingView, tail: number): void {
  Atomics.store(ring.words, TAIL, tail);
}

/** The position behind the last published answer. */
export function readTail(ring: RingView): number {
  return Atomics.load(ring.words, TAIL);
}

/**
 * Main thread: asks to be called by message after the next answers, or takes that back. Who asks must look at
 * the tail afterwards: the worker publishes first and looks at the call second, so that one of the two sees
 * the other.
 */
export function setCall(ring: RingView, isWanted: boolean): void {
  Atomics.store(ring.words, CALL, isWanted ? 1 : 0);
}

/** Worker: whether the main thread asked to be called; one call answers all that was asked. */
export function takeCall(ring: RingView): boolean {
  return Atomics.load(ring.words, CALL) === 1 && Atomics.exchange(ring.words, CALL, 0) === 1;
}

/** Main thread: the answer at `position`, or null when the run failed. */
export function readAnswer(ring: RingView, position: number, width: number): RawAnswer | null {
  const slot = slotOf(ring, position);
  if (ring.words[slot + STATUS] !== 1) return null;
  const at = slot + VALUES;
  return { label: ring.words[slot + LABEL]!, values: ring.floats.slice(at, at + width) };
}
