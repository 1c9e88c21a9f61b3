// Batches through the anonymiser's native plans, for tables that are read and written as batches.
import * as arrow from 'apache-arrow';
import { buildRecordBatch, rowsOf } from '../core/index.ts';
import type { BatchTransform, RecordKind } from '../core/index.ts';
import type { AnonymizationPlan, Anonymizer } from '../prepare/index.ts';
import type { ReadSamples } from './table-source.ts';

/** Plans a table of batches; its rows are held in memory while they are counted. */
export async function planBatches(
  anonymizer: Anonymizer,
  kind: RecordKind,
  read: ReadSamples,
  signal: AbortSignal | undefined,
): Promise<AnonymizationPlan> {
  const { default: polars } = await import('nodejs-polars');
  const partitions = [];
  for await (const batch of read(signal)) {
    const frame = polars.readIPC(encodeBatch(batch)).lazy();
    partitions.push({ maxRows: batch.numRows, open: () => Promise.resolve(frame) });
  }
  return await anonymizer.planPartitions(kind, partitions, { signal });
}

/** What a plan makes of batches. */
export async function buildTransform(plan: AnonymizationPlan): Promise<BatchTransform> {
  const { default: polars } = await import('nodejs-polars');
  return {
    kind: plan.kind,
    apply(batch) {
      try {
        const released = plan.applyFrame(polars.readIPC(encodeBatch(batch)).lazy()).collectSync();
        const { batches } = arrow.tableFromIPC(released.writeIPC());
        return buildRecordBatch(
          plan.kind,
          batches.flatMap((part) => rowsOf(plan.kind, part)),
        );
      } catch (error) {
        throw plan.explain(error);
      }
    },
  };
}

const encodeBatch = (batch: arrow.RecordBatch): Buffer =>
  Buffer.from(arrow.tableToIPC(new arrow.Table(batch), 'file'));
