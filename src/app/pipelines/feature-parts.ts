// Features and labels of memory snapshots, by the definitions of training and of live decisions, for rows from
// anywhere: a history, files, a stream. Both remember what came before, so each runs in one place, in order.
import * as arrow from 'apache-arrow';
import { buildBatch, buildNames, concatRows, labels, memoryKind, rowsOf } from '../../core/index.ts';
import type { Home, MemorySnapshot, RowRun } from '../../core/index.ts';
import { defineTransform } from '../../pipeline/index.ts';
import type { Batch, TransformEntry } from '../../pipeline/index.ts';
import { createFeatureExtractor, createOnlineLabeler } from '../../prepare/index.ts';
import { readFeatureSettings } from './feature-settings.ts';
import type { HistoryLink } from './history-link.ts';

const memoryColumns: readonly string[] = memoryKind.fields.map(({ name }) => name);

function assertSnapshots(stage: string, { fields }: arrow.Schema): void {
  const names = new Set(fields.map(({ name }) => name));
  const missing = memoryKind.fields.filter(({ name, nullable }) => !nullable && !names.has(name));
  if (missing.length === 0) return;
  const list = missing.map(({ name }) => `"${name}"`).join(', ');
  throw new TypeError(
    `Cannot compute stage "${stage}": it reads memory snapshots, and ${list} does not reach it`,
  );
}

const snapshotsOf = (batch: Batch): MemorySnapshot[] =>
  rowsOf(memoryKind, batch) as unknown as MemorySnapshot[];

/** Adds a row to those before it: rows that follow each other are copied at once. */
function addRow(runs: RowRun[], row: RowRun): void {
  const last = runs.at(-1);
  if (last?.batch === row.batch && last.to === row.from) runs[runs.length - 1] = { ...last, to: row.to };
  else runs.push(row);
}

/** Features in place of the columns they are computed of; other columns, such as a label, stay. */
export const featuresPart = (home: Home, history: HistoryLink): TransformEntry =>
  defineTransform({
    name: 'features',
    about: 'the features of training and live decisions, of memory snapshots in time order',
    options: {
      actions: {
        type: 'boolean',
        default: false,
        about: "know when the optimizer acted, from this host's history; else no action is known",
        example: true,
      },
    },
    create: ({ actions }) => {
      const { spec } = readFeatureSettings(home);
      let extractor = createFeatureExtractor(spec);
      let times: Promise<number[]> | null = null;
      const features = spec.names.map((name) => new arrow.Field(name, new arrow.Float32(), false));
      const schemaOf = (input: arrow.Schema): arrow.Schema => {
        assertSnapshots('features', input);
        const [time, ...others] = input.fields;
        return new arrow.Schema([
          time!,
          ...features,
          ...others.filter(({ name }) => !memoryColumns.includes(name)),
        ]);
      };
      return {
        schema: schemaOf,
        transform: async (batch: Batch) => {
          const acted = actions ? await (times ??= readActionTimes(history)) : [];
          const computed: Float32Array[] = [];
          const runs: RowRun[] = [];
          for (const [row, snapshot] of snapshotsOf(batch).entries()) {
            const lastOptimizationMs = acted.findLast((time) => time <= snapshot.timestamp) ?? null;
            const values = extractor.push(snapshot, { lastOptimizationMs });
            if (values === null) continue;
            computed.push(values);
            addRow(runs, { batch, from: row, to: row + 1 });
          }
          return computed.length === 0 ? null : joinFeatures(schemaOf(batch.schema), computed, runs);
        },
        memoryUsage: () => 0,
        reset: () => {
          extractor = createFeatureExtractor(spec);
        },
      };
    },
  });

function joinFeatures(schema: arrow.Schema, rows: readonly Float32Array[], runs: readonly RowRun[]): Batch {
  const width = rows[0]!.length;
  const kept = concatRows(runs[0]!.batch.schema, runs);
  const computed = Array.from({ length: width }, (_, column) => {
    const data = Float32Array.from(rows, (values) => values[column]!);
    return arrow.makeData({ type: new arrow.Float32(), data });
  });
  const columns = schema.fields.map(({ name }, i) =>
    i >= 1 && i <= width
      ? computed[i - 1]!
      : kept.data.children[kept.schema.fields.findIndex((field) => field.name === name)]!,
  );
  return buildBatch(schema, rows.length, columns);
}

/** Times of real actions, in order. */
async function readActionTimes(link: HistoryLink): Promise<number[]> {
  const history = await link.open();
  const events = await history.rows('optimization');
  return events.filter(({ mode }) => mode === 'act').map(({ timestamp }) => timestamp);
}

const labelTexts = labels.map((label) => Buffer.from(label));

/** A column `label` by what happened next; rows whose horizon was not seen whole are left out. */
export const labelPart = (home: Home): TransformEntry =>
  defineTransform({
    name: 'label',
    about:
      'a column `label` by what happened within the horizon, for memory snapshots in time order; put it before `features`',
    options: {
      horizonMs: {
        type: 'integer',
        unit: 'ms',
        range: { min: 1 },
        wanted: 'a time above 0',
        defaultText: 'that of the host, `60s` unless it was configured',
        about: 'how far a label looks ahead',
        example: 60_000,
      },
    },
    create: ({ horizonMs = readFeatureSettings(home).horizonMs }) => {
      let labeler = createOnlineLabeler<RowRun>({ horizonMs });
      let heldRows = 0;
      const schemaOf = (input: arrow.Schema): arrow.Schema => {
        assertSnapshots('label', input);
        return new arrow.Schema([...input.fields, new arrow.Field('label', new arrow.Utf8(), false)]);
      };
      return {
        schema: schemaOf,
        transform: (batch: Batch) => {
          const runs: RowRun[] = [];
          const found: number[] = [];
          for (const [row, snapshot] of snapshotsOf(batch).entries()) {
            for (const { mark, label } of labeler.observe(snapshot)) {
              addRow(runs, mark);
              found.push(label);
            }
            labeler.open({ batch, from: row, to: row + 1 });
            heldRows++;
          }
          heldRows -= found.length;
          if (found.length === 0) return null;
          const kept = concatRows(batch.schema, runs);
          const columns = [...kept.data.children, buildNames(labelTexts, found)];
          return buildBatch(schemaOf(batch.schema), found.length, columns);
        },
        // Rows wait for their horizon to pass; their batches stay with them.
        memoryUsage: () => heldRows * 8 * memoryColumns.length,
        reset: () => {
          labeler = createOnlineLabeler<RowRun>({ horizonMs });
          heldRows = 0;
        },
      };
    },
  });
