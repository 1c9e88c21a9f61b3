// Labels of memory snapshots as a stage: by what happened within the horizon. It remembers what came before, so it runs in
// one place, in order.
import * as arrow from 'apache-arrow';
import { buildBatch, buildNames, concatRows, labels } from '../../core/index.ts';
import type { RowRun } from '../../core/index.ts';
import type { Batch, Transform } from '../../pipeline/index.ts';
import { createOnlineLabeler } from '../online-labels.ts';
import type { OnlineLabelerOptions } from '../online-labels.ts';
import { SNAPSHOT_COLUMNS, addRow, assertSnapshots, snapshotsOf } from './snapshot-batches.ts';

const labelTexts = labels.map((label) => Buffer.from(label));

/**
 * Adds a column `label` to memory snapshots in time order; rows whose horizon was not seen whole are left out. Put it
 * before {@link featureStage}, which takes the snapshots' columns away.
 */
export function labelStage(options: OnlineLabelerOptions): Transform {
  let labeler = createOnlineLabeler<RowRun>(options);
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
      return buildBatch(schemaOf(batch.schema), found.length, [
        ...kept.data.children,
        buildNames(labelTexts, found),
      ]);
    },
    // Rows wait for their horizon to pass; their batches stay with them.
    memoryUsage: () => heldRows * 8 * SNAPSHOT_COLUMNS,
    reset: () => {
      labeler = createOnlineLabeler<RowRun>(options);
      heldRows = 0;
    },
  };
}
