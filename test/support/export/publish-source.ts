// Small sources to publish, made in memory: rows whose values are told by their number.
import { buildRecordBatch, required } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import type { PublishColumn, PublishSource } from '../../../src/export/publish/index.ts';
import { buildTrainingSet, datasetCard } from '../../../src/prepare/index.ts';
import { mondayMs, pressuredSnapshots } from '../memory-rows.ts';

const card = datasetCard(
  await buildTrainingSet({ memory: pressuredSnapshots(400), horizonMs: 20_000, testFraction: 0.5 }),
);

export const baseColumns: readonly PublishColumn[] = [
  { ...required('timestamp', 'timestamp', 'ms since epoch', 'UTC'), role: 'time' },
  { ...required('load', 'float32', '%', 'a load'), role: 'feature' },
  { ...required('label', 'int8', 'class', 'a label'), role: 'label', classNames: ['calm', 'busy'] },
];

/** Rows by number; equal numbers are equal rows. */
export function rowsFrom(first: number, count: number): AnyRow[] {
  return Array.from({ length: count }, (_, i) => ({
    timestamp: mondayMs,
    load: Math.fround((first + i) / 3),
    label: (first + i) % 2,
    extra: first + i,
  }));
}

/** A source of these rows. */
export function publishSource(
  splits: Readonly<Record<string, readonly AnyRow[]>>,
  columns: readonly PublishColumn[] = baseColumns,
): PublishSource {
  const kind = { name: 'training', version: 1, fields: columns };
  return {
    tables: [
      {
        name: 'training',
        description: 'Rows of a test.',
        columns,
        splits: Object.entries(splits).map(([name, rows]) => ({
          name,
          // eslint-disable-next-line @typescript-eslint/require-await -- sources are read asynchronously
          open: async function* () {
            yield buildRecordBatch(kind, rows);
          },
        })),
      },
    ],
    card,
    privacy: {
      anonymized: true,
      timePrecisionMs: 3_600_000,
      k: 5,
      l: 2,
      rowsSuppressed: 0,
      quasiIdentifiers: ['timestamp'],
      methods: [],
      notProtected: [],
    },
    fromMs: mondayMs,
    toMs: mondayMs,
  };
}
