// Features of memory snapshots as a stage, by the definition of training and of live decisions, for rows from anywhere:
// a history, files, a stream. It remembers what came before, so it runs in one place, in order.
import * as arrow from 'apache-arrow';
import { buildBatch, concatRows } from '../../core/index.ts';
import type { RowRun } from '../../core/index.ts';
import type { Batch, Transform } from '../../pipeline/index.ts';
import { createFeatureExtractor } from '../feature-extractor.ts';
import { featureColumns } from '../feature-spec.ts';
import type { FeatureSpec } from '../feature-spec.ts';
import { addRow, assertSnapshots, isSnapshotColumn, snapshotsOf } from './snapshot-batches.ts';

/** How features are computed. */
export interface FeatureStageOptions {
  /** @default none is known: no feature tells how long ago the optimizer acted */
  readonly actionTimes?: () => Promise<readonly number[]>;
}

/**
 * Features in place of the columns they are computed of; other columns, such as a label, stay. Rows of the warm-up are
 * left out.
 * @param spec the features and the interval of the snapshots
 * @example pipeline().from(historySource(history, 'memory')).through(featureStage(buildFeatureSpec())).to(sink)
 */
export function featureStage(spec: FeatureSpec, { actionTimes }: FeatureStageOptions = {}): Transform {
  let extractor = createFeatureExtractor(spec);
  let times: Promise<readonly number[]> | null = null;
  const features = featureColumns(spec).map((name) => new arrow.Field(name, new arrow.Float32(), false));
  const schemaOf = (input: arrow.Schema): arrow.Schema => {
    assertSnapshots('features', input);
    const [time, ...others] = input.fields;
    return new arrow.Schema([time!, ...features, ...others.filter(({ name }) => !isSnapshotColumn(name))]);
  };
  return {
    schema: schemaOf,
    transform: async (batch: Batch) => {
      const acted = actionTimes ? await (times ??= actionTimes()) : [];
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
}

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
