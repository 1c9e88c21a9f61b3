// Plain lines of text by the kernel: what text/decode-text.ts asks for runs of them. Bytes and events are copied a piece at
// a time, which costs little beside reading digits.
import type { EventSlot, ReadCounts } from '../model/index.ts';
import type { PlainLineFacts, PlainLines, PlainRun } from '../text/index.ts';
import { findKernelObstacle } from './decoders.ts';
import { KernelMemory } from './kernel-memory.ts';

/** Bytes of text that are handed to the kernel at a time, and what it may read behind them. */
const PIECE_BYTES = 16_384;
const BEHIND_BYTES = 64;
/** A line has eight bytes at least: `0 0 0 0` and its end. */
const PIECE_EVENTS = PIECE_BYTES / 8;
/** No sensor reaches so far. */
const NO_EDGE = 65_536;

/** Fields of assembly/text-lines.ts, in words of 32 bits. */
const F = {
  columns: 0,
  order: 1,
  shift: 3,
  last: 4,
  width: 6,
  height: 7,
  dropOutside: 8,
  polarity: 9,
  t: 10,
  x: 11,
  y: 12,
  p: 13,
  capacity: 14,
  length: 15,
  lines: 16,
  reversals: 17,
  outside: 18,
  power: 30,
} as const;
const STATE_BYTES = 128;
const MODES = { unsigned: 0, signed: 1, native: 2 } as const;
const EARLIEST = -(2n ** 63n);

/** Plain lines by the kernel of `memory`, a new one by default; undefined where kernels cannot run. */
export function createPlainLines(
  memory: KernelMemory | null = findKernelObstacle() === null ? new KernelMemory() : null,
): PlainLines | undefined {
  return memory ? new KernelLines(memory) : undefined;
}

class KernelLines implements PlainLines {
  readonly #memory: KernelMemory;
  readonly #stateAt: number;
  readonly #words: Uint32Array;
  readonly #times: BigInt64Array;
  readonly #piece: Uint8Array;
  readonly #events: EventSlot;
  readonly #run = { bytes: 0, lines: 0, lastTime: 0 };

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#stateAt = memory.allocate(STATE_BYTES);
    this.#piece = memory.allocateBytes(PIECE_BYTES + BEHIND_BYTES);
    this.#events = memory.allocateSlot(PIECE_EVENTS);
    this.#words = new Uint32Array(memory.buffer, this.#stateAt, STATE_BYTES / 4);
    this.#times = new BigInt64Array(memory.buffer, this.#stateAt, STATE_BYTES / 8);
  }

  begin({ order, shift, geometry, dropOutside, polarity }: PlainLineFacts): void {
    const words = this.#words;
    words.fill(0);
    words[F.columns] = order.length;
    new Uint8Array(words.buffer, words.byteOffset + F.order * 4, 8).set(order.subarray(0, 8));
    words[F.shift] = shift;
    words[F.width] = geometry?.width ?? NO_EDGE;
    words[F.height] = geometry?.height ?? NO_EDGE;
    words[F.dropOutside] = Number(dropOutside);
    words[F.polarity] = MODES[polarity];
    this.#times[F.power / 2] = 10n ** BigInt(Math.max(0, shift));
    const { t, x, y, p } = this.#events;
    [words[F.t], words[F.x], words[F.y], words[F.p]] = [t, x, y, p].map(({ byteOffset }) => byteOffset) as [
      number,
      number,
      number,
      number,
    ];
  }

  decode(bytes: Uint8Array, events: EventSlot, lastTime: number, counts: ReadCounts): PlainRun {
    const words = this.#words;
    const piece = bytes.subarray(0, PIECE_BYTES);
    this.#piece.set(piece);
    this.#times[F.last / 2] = lastTime === -Infinity ? EARLIEST : BigInt(lastTime);
    words[F.capacity] = Math.min(PIECE_EVENTS, events.capacity - events.length);
    words[F.length] = 0;
    words[F.lines] = words[F.reversals] = words[F.outside] = 0;
    const run = this.#run;
    run.bytes = this.#memory.kernels.decodeTextLines(this.#stateAt, this.#piece.byteOffset, piece.length);
    run.lines = words[F.lines]!;
    run.lastTime = run.lines === 0 ? lastTime : Number(this.#times[F.last / 2]!);
    counts.timeReversals += words[F.reversals]!;
    counts.eventsOutside += words[F.outside]!;
    counts.events += words[F.length]!;
    this.#events.length = words[F.length]!;
    append(events, this.#events);
    return run;
  }
}

function append(target: EventSlot, { t, x, y, p, length }: EventSlot): void {
  const at = target.length;
  target.t.set(t.subarray(0, length), at);
  target.x.set(x.subarray(0, length), at);
  target.y.set(y.subarray(0, length), at);
  target.p.set(p.subarray(0, length), at);
  target.length = at + length;
}
