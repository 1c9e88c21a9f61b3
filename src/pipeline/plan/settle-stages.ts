// Follows the columns through a pipeline before it runs: what does not fit is found, and stages that read expressions
// learn how far they look. Nothing but the columns is looked at.
import type { LazyDataFrame } from 'nodejs-polars';
import type { NativeSource, NativeStage } from '../contract.ts';
import type { TransformStage } from '../run/run-contract.ts';
import { frameOfSchema, tableOfFrame } from './arrow-frames.ts';
import { listPartitions } from './frames.ts';
import { isNativeSource, isNativeStage, isOpenable } from './pipeline-parts.ts';
import type { AnySource, PlacedStage } from './pipeline-parts.ts';
import { toReadError, toStageError } from './polars-errors.ts';
import { emptyOf } from './polars.ts';

/**
 * Gives the stages as they are to be placed. Behind a function of batches, which does not say what it gives, and
 * behind a stage whose columns rows decide, columns are unknown, and stages stay as they were.
 * @throws RuvectorError `ERR_PIPELINE_COLUMN`, `_TYPE`, `_EXPRESSION` or `_READ`; what a transform says of its columns
 */
export async function settleStages(
  source: AnySource,
  stages: readonly PlacedStage[],
): Promise<PlacedStage[]> {
  let columns = await columnsOf(source);
  const settled: PlacedStage[] = [];
  for (const { name, stage } of stages) {
    if (!isNativeStage(stage)) {
      settled.push({ name, stage });
      columns = columns && !isOpenable(stage) ? behindTransform(stage, columns) : null;
      continue;
    }
    const next = columns && (await settle(stage, columns));
    settled.push({ name, stage: next?.stage ?? stage });
    columns = stage.rowsDecideColumns ? null : (next?.columns ?? null);
  }
  return settled;
}

/** A frame without rows, or null when the source is opened later. */
async function columnsOf(source: AnySource): Promise<LazyDataFrame | null> {
  if (isNativeSource(source)) return readColumns(source);
  return 'schema' in source ? frameOfSchema(source.schema).lazy() : null;
}

const readColumns = (source: NativeSource): Promise<LazyDataFrame> =>
  toReadError(source.name, async () => emptyOf(await (await listPartitions(source))[0]!.open()));

function behindTransform({ transform }: TransformStage, columns: LazyDataFrame): LazyDataFrame | null {
  if (typeof transform === 'function') return null;
  return frameOfSchema(transform.schema(tableOfFrame(columns.collectSync()).schema)).lazy();
}

interface Settled {
  readonly stage: NativeStage;
  readonly columns: LazyDataFrame;
}

async function settle(stage: NativeStage, columns: LazyDataFrame): Promise<Settled> {
  const inputs = await Promise.all((stage.inputs ?? []).map(readColumns));
  try {
    const learned = stage.learn ? await stage.learn(columns) : stage;
    const behind = emptyOf(learned.apply(columns, inputs));
    // What was learned of no rows is of use for the columns only.
    return { stage: stage.learnsFrom === 'rows' ? stage : learned, columns: behind };
  } catch (error) {
    throw toStageError(stage.name, columns.columns, error);
  }
}
