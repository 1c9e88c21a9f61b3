// How much a pipeline will move, without running it: rows that files tell of, and what the first rows become.
import type { NativeStage } from '../contract.ts';
import { tableOfFrame } from './arrow-frames.ts';
import { applyStages } from './frames.ts';
import type { OpenTables } from './frames.ts';
import { toReadError } from './polars-errors.ts';

/** An estimate. Null where nothing tells. */
export interface Estimate {
  /** Rows of the source; at most so many where `isExact` is false. */
  readonly rowsIn: number | null;
  /** Rows that leave the stages of plans in front of the first batch or of the sink. */
  readonly rowsOut: number | null;
  /** Bytes of these rows as Arrow. */
  readonly bytesOut: number | null;
  /** Rows that were read for it. */
  readonly sampledRows: number;
}

const SAMPLE_ROWS = 10_000;

/** Estimates by the first rows. Where a stage looks at other rows, how many leave it is unknown. */
export async function estimate(tables: OpenTables, stages: readonly NativeStage[]): Promise<Estimate> {
  const [first] = tables.partitions;
  const frame = await toReadError(tables.source.name, () => first!.open());
  const sample = await toReadError(tables.source.name, () => frame.limit(SAMPLE_ROWS).collect());
  const left = await applyStages(sample.lazy(), stages, tables.inputs).collect();
  const rowsIn = sumRows(tables) ?? (sample.height < SAMPLE_ROWS && tables.partitions.length === 1 ? sample.height : null);
  const isPerRow = stages.every(({ scope }) => scope === 'row');
  const kept = sample.height === 0 ? 0 : left.height / sample.height;
  const rowsOut = rowsIn === null || !isPerRow ? null : Math.round(rowsIn * kept);
  const bytesPerRow = left.height === 0 ? 0 : bytesOf(left) / left.height;
  return {
    rowsIn,
    rowsOut,
    bytesOut: rowsOut === null ? null : Math.round(rowsOut * bytesPerRow),
    sampledRows: sample.height,
  };
}

function sumRows({ partitions }: OpenTables): number | null {
  return partitions.reduce<number | null>(
    (sum, { maxRows }) => (sum === null || maxRows === null ? null : sum + maxRows),
    0,
  );
}

function bytesOf(frame: Parameters<typeof tableOfFrame>[0]): number {
  return tableOfFrame(frame).batches.reduce((sum, { data }) => sum + data.byteLength, 0);
}
