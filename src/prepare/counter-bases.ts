// Counters since boot tell when a host booted, and a process when it started. Each is released as what it
// counted since its first value in the release: differences stay exact, the start is gone.
import type * as arrow from 'apache-arrow';
import { buildIntegers, readNullableNumbers, readNumbers } from '../core/index.ts';
import { columnOf } from './column-values.ts';
import { PairTable, buildPairTable, growTo } from './pair-table.ts';

/** First values of the counters of a release. */
export interface CounterBases {
  add(batch: arrow.RecordBatch, times: Float64Array): void;
  /** The owner (a boot, a process) of each row: what `rebase` wants. */
  ownersOf(batch: arrow.RecordBatch, times: Float64Array): Int32Array;
  /** A counter less the first value of each row's owner; null where it fell below that. */
  rebase(column: arrow.Data, name: string, owners: Int32Array): arrow.Data;
}

/** First values by owner; NaN until a value is seen. */
class FirstValues {
  readonly #counters: readonly string[];
  readonly #values: Float64Array[];

  constructor(counters: readonly string[], values?: readonly Float64Array[]) {
    this.#counters = counters;
    this.#values = counters.map((_, i) => values?.[i] ?? new Float64Array(64).fill(Number.NaN));
  }

  get counters(): readonly string[] {
    return this.#counters;
  }

  note(batch: arrow.RecordBatch, owners: Int32Array): void {
    let last = 0;
    for (let i = 0; i < owners.length; i++) if (owners[i]! > last) last = owners[i]!;
    this.#counters.forEach((name, at) => {
      const column = readNullableNumbers(columnOf(batch, name));
      const first = this.#roomFor(at, last);
      for (let i = 0; i < owners.length; i++) {
        const owner = owners[i]!;
        if (Number.isNaN(first[owner]!)) first[owner] = column[i]!;
      }
    });
  }

  rebase(column: arrow.Data, name: string, owners: Int32Array): arrow.Data {
    const values = readNullableNumbers(column);
    const first = this.#values[this.#counters.indexOf(name)]!;
    for (let i = 0; i < values.length; i++) {
      const since = values[i]! - first[owners[i]!]!;
      // Below its first value the counter wrapped or began anew: how much it counted since is not known.
      values[i] = since >= 0 ? since : Number.NaN;
    }
    return buildIntegers(column.type, values);
  }

  columns(owners: number): Float64Array[] {
    return this.#values.map((values) => {
      const column = new Float64Array(owners).fill(Number.NaN);
      column.set(values.subarray(0, owners));
      return column;
    });
  }

  #roomFor(at: number, owner: number): Float64Array {
    const values = this.#values[at]!;
    if (owner < values.length) return values;
    const longer = growTo(values, owner * 2).fill(Number.NaN, values.length);
    this.#values[at] = longer;
    return longer;
  }
}

/** Counters of a host: a new boot starts where most of them fall back at once. */
export class BootBases implements CounterBases {
  readonly #first: FirstValues;
  readonly #starts: number[];
  #previous: Float64Array | null = null;

  constructor(counters: readonly string[], starts: readonly number[] = [], values?: readonly Float64Array[]) {
    this.#first = new FirstValues(counters, values);
    this.#starts = [...starts];
  }

  add(batch: arrow.RecordBatch, times: Float64Array): void {
    const columns = this.#first.counters.map((name) => readNullableNumbers(columnOf(batch, name)));
    for (let i = 0; i < times.length; i++) {
      if (this.#isBoot(columns, i)) this.#starts.push(times[i]!);
    }
    this.#first.note(batch, this.ownersOf(batch, times));
  }

  ownersOf(_batch: arrow.RecordBatch, times: Float64Array): Int32Array {
    const owners = new Int32Array(times.length);
    for (let i = 0, boot = 0; i < owners.length; i++) {
      if (i > 0 && times[i]! < times[i - 1]!) boot = 0;
      while (boot + 1 < this.#starts.length && this.#starts[boot + 1]! <= times[i]!) boot++;
      owners[i] = boot;
    }
    return owners;
  }

  rebase(column: arrow.Data, name: string, owners: Int32Array): arrow.Data {
    return this.#first.rebase(column, name, owners);
  }

  state(): { starts: number[]; values: Float64Array[] } {
    return { starts: this.#starts, values: this.#first.columns(this.#starts.length) };
  }

  /** True for the first row, and where at least half of the counters that count at all have fallen. */
  #isBoot(columns: readonly Float64Array[], row: number): boolean {
    const previous = this.#previous;
    this.#previous ??= new Float64Array(columns.length);
    let counting = 0;
    let fallen = 0;
    for (let at = 0; at < columns.length; at++) {
      const value = columns[at]![row]!;
      if (previous && previous[at]! > 0) {
        counting++;
        if (value < previous[at]!) fallen++;
      }
      if (!Number.isNaN(value)) this.#previous[at] = value;
    }
    return previous === null || (fallen > 0 && fallen * 2 >= counting);
  }
}

/** Counters of processes, and the number each process gets in the release. */
export class ProcessBases implements CounterBases {
  readonly #processes: PairTable;
  readonly #first: FirstValues;
  #numbers: Int32Array;

  constructor(counters: readonly string[], state?: ProcessState) {
    this.#processes = state ? buildPairTable(state.pids, state.starts) : new PairTable();
    this.#first = new FirstValues(counters, state?.values);
    this.#numbers = state?.numbers ?? new Int32Array(0);
  }

  add(batch: arrow.RecordBatch): void {
    const [pids, starts] = readProcesses(batch);
    const owners = new Int32Array(pids.length);
    for (let i = 0; i < owners.length; i++) owners[i] = this.#processes.add(pids[i]!, starts[i]!);
    this.#first.note(batch, owners);
  }

  /** Deals the numbers 1, 2, … out in the given order of processes. */
  deal(shuffled: (length: number) => Int32Array): void {
    this.#numbers = shuffled(this.#processes.size);
  }

  /** -1 for a process that the plan has not seen. */
  ownersOf(batch: arrow.RecordBatch): Int32Array {
    const [pids, starts] = readProcesses(batch);
    const owners = new Int32Array(pids.length);
    for (let i = 0; i < owners.length; i++) owners[i] = this.#processes.find(pids[i]!, starts[i]!);
    return owners;
  }

  numbersOf(owners: Int32Array): Int32Array {
    const numbers = new Int32Array(owners.length);
    for (let i = 0; i < numbers.length; i++) numbers[i] = this.#numbers[owners[i]!]!;
    return numbers;
  }

  rebase(column: arrow.Data, name: string, owners: Int32Array): arrow.Data {
    return this.#first.rebase(column, name, owners);
  }

  state(): ProcessState {
    const [pids, starts] = this.#processes.columns();
    return { pids, starts, numbers: this.#numbers, values: this.#first.columns(this.#processes.size) };
  }
}

/** Processes by number: what a resumed release needs. */
export interface ProcessState {
  readonly pids: Float64Array;
  readonly starts: Float64Array;
  readonly numbers: Int32Array;
  readonly values: readonly Float64Array[];
}

/** Process ids and start times; an unknown start time is -1. */
function readProcesses(batch: arrow.RecordBatch): [Float64Array, Float64Array] {
  const starts = readNullableNumbers(columnOf(batch, 'start_time_ticks'));
  for (let i = 0; i < starts.length; i++) if (Number.isNaN(starts[i]!)) starts[i] = -1;
  return [readNumbers(columnOf(batch, 'pid')), starts];
}
