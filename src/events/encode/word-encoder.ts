// What the encoders of all word formats share: room for words, triggers merged in by time, and the limits of events.
import { eventEncodeError } from '../model/index.ts';
import type { EventColumns, TriggerColumns } from '../model/index.ts';
import type { BlockEncoder, WrittenFormat } from './contract.ts';

/** A trigger that waits for its turn. */
export interface PendingTrigger {
  readonly t: number;
  readonly id: number;
  readonly value: number;
}

/** Upper lanes from here on are times below 0 or beyond 2^53 µs. */
const LANE_LIMIT = 2 ** 21;

/** Turns runs of events into words that subclasses append to {@link words}. */
export abstract class WordEncoder<Words extends Uint16Array | Uint32Array> implements BlockEncoder {
  readonly format: WrittenFormat;
  protected words: Words;
  /** Words written so far. */
  protected used = 0;
  /** Index, from the first event ever given, of the first event of this batch: for errors. */
  protected firstIndex = 0;
  readonly #create: (length: number) => Words;
  #waiting: PendingTrigger[] = [];

  constructor(format: WrittenFormat, create: (length: number) => Words) {
    this.format = format;
    this.#create = create;
    this.words = create(1024);
  }

  /** Appends the events from `start` to `stop`; `lanes` are the halves of their t. */
  protected abstract encodeRun(events: EventColumns, lanes: Uint32Array, start: number, stop: number): void;

  protected abstract encodeTrigger(trigger: PendingTrigger): void;

  encode(events: EventColumns, triggers?: TriggerColumns): Uint8Array {
    if (triggers !== undefined) this.#queue(triggers);
    const lanes = new Uint32Array(events.t.buffer, events.t.byteOffset, 2 * events.length);
    let at = 0;
    while (at < events.length) {
      const stop = this.#findTurn(events, lanes, at);
      this.encodeRun(events, lanes, at, stop);
      at = stop;
      if (at < events.length) this.encodeTrigger(this.#waiting.shift()!);
    }
    this.firstIndex += events.length;
    return this.#takeBytes();
  }

  finish(): Uint8Array {
    for (const trigger of this.#waiting) this.encodeTrigger(trigger);
    this.#waiting = [];
    return this.#takeBytes();
  }

  #queue(triggers: TriggerColumns): void {
    for (let at = 0; at < triggers.length; at++) {
      this.#waiting.push({
        t: Number(triggers.t[at]!),
        id: triggers.id[at]!,
        value: triggers.value[at]!,
      });
    }
  }

  /** The first event from `start` on that the next trigger stands before. */
  #findTurn(events: EventColumns, lanes: Uint32Array, start: number): number {
    const next = this.#waiting[0];
    if (next === undefined) return events.length;
    let at = start;
    while (at < events.length && readTime(lanes, at) < next.t) at++;
    return at;
  }

  /** Makes room for `count` words more. */
  protected reserve(count: number): void {
    if (this.used + count <= this.words.length) return;
    const words = this.#create(Math.max(this.used + count, 2 * this.words.length));
    words.set(this.words);
    this.words = words;
  }

  #takeBytes(): Uint8Array {
    const { buffer, BYTES_PER_ELEMENT } = this.words;
    const bytes = new Uint8Array(buffer.slice(0, this.used * BYTES_PER_ELEMENT));
    this.used = 0;
    return bytes;
  }

  /** Throws when event `at` of the batch has a t that no format holds, or x or y above `largest`, all bits 1. */
  protected check(events: EventColumns, lanes: Uint32Array, at: number, largest: number): void {
    if ((events.x[at]! | events.y[at]!) <= largest && lanes[2 * at + 1]! < LANE_LIMIT) return;
    if (lanes[2 * at + 1]! >= LANE_LIMIT) {
      throw this.refuse(at, `t is ${String(events.t[at])} µs`, 'give times from 0 to 2^53 µs');
    }
    for (const axis of ['x', 'y'] as const) {
      const value = events[axis][at]!;
      if (value > largest) {
        const state = `${axis} is ${String(value)}, the largest is ${String(largest)}`;
        throw this.refuse(at, state, 'leave such events out, or write a format with more room');
      }
    }
  }

  /** The error of event `at` of the batch. */
  protected refuse(at: number, state: string, next: string): Error {
    return eventEncodeError(this.format, this.firstIndex + at, state, next);
  }

  /** Throws when a trigger has a time or an id that has no room. */
  protected checkTrigger({ t, id }: PendingTrigger, largestId: number): void {
    if (t >= 0 && t <= Number.MAX_SAFE_INTEGER && id <= largestId) return;
    const state = `a trigger before it has t ${String(t)} µs and id ${String(id)}`;
    throw this.refuse(0, state, `give times from 0 to 2^53 µs and ids up to ${String(largestId)}`);
  }
}

/** True when event `at` has the time, row and polarity of the one before it, and stands right of it. */
export const continuesRow = ({ x, y, p }: EventColumns, lanes: Uint32Array, at: number): boolean =>
  x[at]! > x[at - 1]! &&
  y[at] === y[at - 1] &&
  p[at]! > 0 === p[at - 1]! > 0 &&
  lanes[2 * at] === lanes[2 * at - 2] &&
  lanes[2 * at + 1] === lanes[2 * at - 1];

/** t of event `at` as a number. */
export const readTime = (lanes: Uint32Array, at: number): number =>
  lanes[2 * at + 1]! * 2 ** 32 + lanes[2 * at]!;
