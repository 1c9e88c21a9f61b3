// What this host recorded as sources: its tables as they are stored, and training sets made of them.
import type { HistoryKind, Home, TimeRange } from '../../core/index.ts';
import { parseTime } from '../../export/index.ts';
import { exportArguments } from '../../export/options/index.ts';
import { defineSource } from '../../pipeline/index.ts';
import type { Batch, NativePartition, Source, SourceEntry } from '../../pipeline/index.ts';
import { buildHistoryTrainingSet, createTrainingSource, trainingSetOptions } from '../../prepare/index.ts';
import { readFeatureSettings } from './feature-settings.ts';
import type { History } from '../../store/index.ts';
import type { HistoryLink } from './history-link.ts';
import { tableOption } from './table-option.ts';

const rangeOptions = {
  hours: exportArguments.hours,
  from: {
    type: 'text',
    defaultText: 'the oldest',
    about: 'first time: 2024-01-31, 2024-01-31T12:00:00Z or -2h',
    example: '-2h',
  },
  to: {
    type: 'text',
    defaultText: 'the newest',
    about: 'end, not included; a date includes its day',
    example: '2024-01-31',
  },
} as const;

interface RangeGiven {
  readonly hours?: number | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Mistakes of a range. */
function checkRange({ hours, from, to }: RangeGiven): string[] {
  const bad = [
    ...(from !== undefined && Number.isNaN(parseTime(from, 'start', 0))
      ? [`from is "${from}", wanted a time`]
      : []),
    ...(to !== undefined && Number.isNaN(parseTime(to, 'end', 0)) ? [`to is "${to}", wanted a time`] : []),
  ];
  return hours !== undefined && from !== undefined ? [...bad, 'hours and from exclude each other'] : bad;
}

function readRange({ hours, from, to }: RangeGiven): TimeRange {
  const nowMs = Date.now();
  // Beyond now there are only rows of a clock that was ahead.
  if (hours !== undefined) return { fromMs: nowMs - hours * 3_600_000, toMs: endOf(to, nowMs) ?? nowMs + 1 };
  const toMs = endOf(to, nowMs);
  return {
    ...(from !== undefined && { fromMs: parseTime(from, 'start', nowMs) }),
    ...(toMs !== undefined && { toMs }),
  };
}

const endOf = (to: string | undefined, nowMs: number): number | undefined =>
  to === undefined ? undefined : parseTime(to, 'end', nowMs);

/** Rows of a table as they are stored; plans read them. */
export const historySource = (history: HistoryLink): SourceEntry =>
  defineSource({
    name: 'history',
    about: 'what this host recorded, as stored: not anonymised',
    options: {
      table: tableOption,
      ...rangeOptions,
    },
    check: checkRange,
    create: ({ table, ...range }) => ({
      name: `history ${table}`,
      partitions: async () => listPartitions(await history.open(), table, readRange(range)),
    }),
  });

/** Of a range without rows, one that has the columns. */
async function listPartitions(
  history: History,
  table: HistoryKind,
  range: TimeRange,
): Promise<readonly NativePartition[]> {
  const partitions = await history.partitions(table, range);
  if (partitions.length > 0) return partitions;
  return [{ maxRows: 0, open: () => history.lazyFrame(table, range) }];
}

/** Features and labels as `train` sees them. */
export const trainingSetSource = (home: Home, history: HistoryLink): SourceEntry =>
  defineSource({
    name: 'training-set',
    about: 'features, labels and splits of what this host recorded, as `train` sees them',
    options: { ...rangeOptions, ...trainingSetOptions },
    check: checkRange,
    create: ({ hours, from, to, ...options }) => ({
      name: 'training-set',
      open: async () => {
        const { spec, horizonMs } = readFeatureSettings(home);
        const set = await buildHistoryTrainingSet(await history.open(), {
          spec,
          ...options,
          horizonMs: options.horizonMs ?? horizonMs,
          ...(hours !== undefined || from !== undefined || to !== undefined
            ? readRange({ hours, from, to })
            : {}),
        });
        return openTrainingSource(createTrainingSource(set), set.timestamps.length);
      },
    }),
  });

type TrainingSource = ReturnType<typeof createTrainingSource>;

/** A training set that a pipeline reads; it is the same each time, so that a run can go on in it. */
function openTrainingSource(training: TrainingSource, rows: number): Source {
  const stop = new AbortController();
  let batches = training.open(0, stop.signal)[Symbol.asyncIterator]();
  let rest: Batch | null = null;
  let left = rows;
  return {
    schema: training.schema,
    nextBatch: async (maxRows, signal) => {
      signal.throwIfAborted();
      const batch = rest ?? ((await batches.next()).value as Batch | undefined) ?? null;
      if (batch === null) return null;
      rest = batch.numRows > maxRows ? batch.slice(maxRows) : null;
      left -= Math.min(batch.numRows, maxRows);
      return rest ? batch.slice(0, maxRows) : batch;
    },
    sizeHint: () => left,
    memoryUsage: () => rest?.data.byteLength ?? 0,
    seek: async (skip) => {
      batches = training.open(skip, stop.signal)[Symbol.asyncIterator]();
      rest = null;
      left = rows - skip;
    },
    close: async () => stop.abort(),
  };
}
