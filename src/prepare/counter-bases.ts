// Counters since boot tell when a host booted, and a process when it started. Each is released as what it
// counted since its first value in the release: differences stay exact, the start is gone.
import type * as arrow from 'apache-arrow';
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import type { Polars } from '../core/index.ts';
import { PairTable } from './pair-table.ts';
import { buildTable, int, joinTable, readColumn, toArrow } from './polars-frame.ts';
import type { AddColumns, Queries, JoinColumn } from './polars-frame.ts';

/** First values of the counters of a release, by who counts: a boot of the host, a process. */
export interface CounterBases {
  /** Takes the next part of the table. */
  read(frame: LazyDataFrame): Queries;
  /** Adds `first.<counter>` to each row, and what else is released of who counts. */
  finish(): AddColumns;
}

/** First values of some counters by number of who counts; null until there is one. */
class FirstValues {
  readonly #counters: readonly string[];
  readonly #values: readonly (number | null)[][];

  constructor(counters: readonly string[]) {
    this.#counters = counters;
    this.#values = counters.map(() => []);
  }

  /** Takes first values of the given owners, in columns of the counters' names, unless they are known already. */
  note(owners: ArrayLike<number>, first: arrow.Table): void {
    this.#counters.forEach((name, at) => {
      const known = this.#values[at]!;
      readColumn(first, name).forEach((value, i) => {
        known[owners[i]!] ??= Number.isNaN(value) ? null : value;
      });
    });
  }

  columns(owners: number): JoinColumn[] {
    return this.#counters.map((name, at) => {
      const values = Array.from({ length: owners }, (_, owner) => this.#values[at]![owner] ?? null);
      return { name: `first.${name}`, type: 'int64', values };
    });
  }
}

/** How boots are found. */
export interface BootExpressions {
  readonly counters: readonly string[];
  readonly values: Expr;
  readonly time: Expr;
  /** At least half of the counters that count at all have fallen. */
  readonly isBoot: Expr;
  readonly boots: Expr;
  readonly owner: Expr;
  readonly first: Expr;
  readonly last: Expr;
}

export function buildBootExpressions(polars: Polars, counters: readonly string[]): BootExpressions {
  const all = polars.cols([...counters]);
  const values = polars.cols(['timestamp', ...counters]);
  const known = all.forwardFill();
  const before = known.shift(1);
  const counts = before.gt(int(polars, 0));
  const counting = polars.sumHorizontal(counts);
  const fallen = polars.sumHorizontal(known.lt(before).and(counts));
  return {
    counters,
    values,
    time: polars.col('timestamp').cast(polars.Int64),
    isBoot: fallen.gt(int(polars, 0)).and(fallen.add(fallen).gtEq(counting)).alias('is boot'),
    boots: polars.col('is boot'),
    owner: polars.col('boot'),
    first: all.dropNulls().first(),
    last: values.forwardFill().last(),
  };
}

/** Before every time there is. */
const BEGINNING_MS = -8.64e15;

/** Counters of a host: a new boot starts where most of them fall back at once. */
export class BootBases implements CounterBases {
  readonly #polars: Polars;
  readonly #expressions: BootExpressions;
  readonly #first: FirstValues;
  /** When each boot began, in order: a row belongs to the last one that began at its time or before. */
  readonly #starts = [BEGINNING_MS];
  /** The last value of each counter so far, as a row. */
  #previous: LazyDataFrame | null = null;

  constructor(polars: Polars, expressions: BootExpressions) {
    this.#polars = polars;
    this.#expressions = expressions;
    this.#first = new FirstValues(expressions.counters);
  }

  *read(frame: LazyDataFrame): Queries {
    const { values, time, isBoot, boots, owner, first, last } = this.#expressions;
    const counted = frame.select(values);
    const joined = this.#previous ? this.#polars.concat([this.#previous, counted]) : counted;
    const found = toArrow(yield joined.select(time, isBoot).filter(boots));
    for (const start of readColumn(found, 'timestamp')) {
      this.#starts.push(Math.max(start, this.#starts.at(-1)!));
    }
    const firsts = toArrow(yield this.#joinStarts(counted, []).groupBy([owner]).agg(first));
    this.#first.note(readColumn(firsts, 'boot'), firsts);
    this.#previous = (yield joined.select(last)).lazy();
  }

  finish(): AddColumns {
    const columns = this.#first.columns(this.#starts.length);
    return (frame) => this.#joinStarts(frame, columns);
  }

  #joinStarts(frame: LazyDataFrame, columns: readonly JoinColumn[]): LazyDataFrame {
    const table = buildTable(this.#polars, [
      { name: 'boot start', type: 'timestamp', values: this.#starts },
      { name: 'boot', type: 'int32', values: this.#starts.map((_, boot) => boot) },
      ...columns,
    ]);
    return frame.joinAsof(table, { leftOn: 'timestamp', rightOn: 'boot start' });
  }
}

/** How processes are told apart: by their id and when they started, -1 where that is not known. */
export interface ProcessExpressions {
  readonly counters: readonly string[];
  readonly start: Expr;
  readonly keys: readonly Expr[];
  readonly first: Expr;
}

export function buildProcessExpressions(polars: Polars, counters: readonly string[]): ProcessExpressions {
  return {
    counters,
    start: polars.col('start_time_ticks').fillNull(int(polars, -1)).alias('process start'),
    keys: [polars.col('pid'), polars.col('process start')],
    first: polars
      .cols([...counters])
      .dropNulls()
      .first(),
  };
}

/** Counters of processes, and the number each process gets in the release. */
export class ProcessBases implements CounterBases {
  readonly #polars: Polars;
  readonly #expressions: ProcessExpressions;
  readonly #first: FirstValues;
  readonly #deal: (length: number) => Int32Array;
  readonly #processes = new PairTable();

  /** @param deal gives the numbers of so many processes, in the order in which they appear */
  constructor(polars: Polars, expressions: ProcessExpressions, deal: (length: number) => Int32Array) {
    this.#polars = polars;
    this.#expressions = expressions;
    this.#first = new FirstValues(expressions.counters);
    this.#deal = deal;
  }

  *read(frame: LazyDataFrame): Queries {
    const { start, keys, first } = this.#expressions;
    const found = toArrow(
      yield frame
        .withColumn(start)
        .groupBy([...keys], true)
        .agg(first),
    );
    const [pids, starts] = [readColumn(found, 'pid'), readColumn(found, 'process start')];
    const owners = pids.map((pid, i) => this.#processes.add(pid, starts[i]!));
    this.#first.note(owners, found);
  }

  finish(): AddColumns {
    const { size } = this.#processes;
    const indexes = Array.from({ length: size }, (_, i) => i);
    const table = buildTable(this.#polars, [
      { name: 'pid', type: 'int32', values: indexes.map((i) => this.#processes.firstAt(i)) },
      { name: 'process start', type: 'int64', values: indexes.map((i) => this.#processes.secondAt(i)) },
      { name: 'released.pid', type: 'int32', values: this.#deal(size) },
      ...this.#first.columns(size),
    ]);
    const { start, keys } = this.#expressions;
    return (frame) => joinTable(frame.withColumn(start), table, keys);
  }
}
