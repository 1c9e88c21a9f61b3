// Which TIME_HIGH words lead a decoder's clock from one time to another: the clock of decode/ seen from the other side.
import { eventEncodeError } from '../model/index.ts';
import type { WrittenFormat } from './contract.ts';

/** More turns of the clock than this between two events are refused: EVT3 would need megabytes of time words. */
const MOST_WRAPS = 2 ** 18;

/** How one format counts time. */
export interface TimeWordRules {
  readonly format: WrittenFormat;
  /** Microseconds of one step of TIME_HIGH. */
  readonly stepUs: number;
  /** Values TIME_HIGH has. */
  readonly values: number;
  /** The least fall that a decoder takes for a wrap. */
  readonly wrapFall: number;
}

/** Follows the clock of whoever decodes the words. */
export class TimeWords {
  /** Steps since the beginning, wraps included; −1 before the first word. */
  #step = -1;
  readonly #rules: TimeWordRules;

  constructor(rules: TimeWordRules) {
    this.#rules = rules;
  }

  /**
   * Payloads of the TIME_HIGH words that set the clock to `step`.
   * @param index the event that needs them, for errors
   */
  advance(step: number, index: number): readonly number[] {
    const { values, wrapFall } = this.#rules;
    const from = this.#step;
    if (step === from) return [];
    const high = step % values;
    const wraps = Math.floor(step / values) - Math.max(0, Math.floor(from / values));
    const before = from < 0 ? -1 : from % values;
    const isReadAsWrap = before - high >= wrapFall;
    if (wraps < 0 || (wraps === 0 && isReadAsWrap)) throw this.#backError(step, from, index);
    if (wraps > MOST_WRAPS) throw this.#gapError(step, from, index);
    this.#step = step;
    if (wraps === 0 || (wraps === 1 && isReadAsWrap)) return [high];
    const words: number[] = before === values - 1 ? [] : [values - 1];
    words.push(0);
    for (let turn = 1; turn < wraps; turn++) words.push(values - 1, 0);
    if (high !== 0) words.push(high);
    return words;
  }

  #backError(step: number, from: number, index: number): Error {
    const { format, stepUs } = this.#rules;
    const state = `t goes back from ${String(from * stepUs)} to ${String(step * stepUs)} µs, which reads as a wrap`;
    return eventEncodeError(format, index, state, 'sort the events by t first');
  }

  #gapError(step: number, from: number, index: number): Error {
    const { format, stepUs } = this.#rules;
    const gap = String((step - Math.max(0, from)) * stepUs);
    return eventEncodeError(
      format,
      index,
      `t is ${gap} µs ahead, more than ${String(MOST_WRAPS)} turns of the format's clock`,
      'subtract the time of the first event, or write EVT2, HDF5 or text',
    );
  }
}
