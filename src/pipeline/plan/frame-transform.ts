// Native stages of one row at a time behind stages of batches: each batch becomes a frame, and the frame a batch again.
import * as arrow from 'apache-arrow';
import type { DataFrame, LazyDataFrame } from 'nodejs-polars';
import type { Batch, NativeStage, Transform } from '../contract.ts';
import { frameOfSchema, frameOfTable, tableOfFrame } from './arrow-frames.ts';
import { applyStages } from './frames.ts';
import { isValueError, toRunError, toValueError } from './polars-errors.ts';

const noInputs = new Map<NativeStage, readonly LazyDataFrame[]>();

/** The stages as one transform. Rows are computed off the main thread. */
export function createFrameTransform(stages: readonly NativeStage[]): Transform {
  return {
    schema: (input) => tableOfFrame(applyStages(frameOfSchema(input).lazy(), stages, noInputs).collectSync()).schema,
    transform: async (batch) => {
      const [computed] = tableOfFrame(await collect(batch, stages)).batches;
      return computed && computed.numRows > 0 ? computed : null;
    },
    memoryUsage: () => 0,
  };
}

async function collect(batch: Batch, stages: readonly NativeStage[]): Promise<DataFrame> {
  const frame = frameOfTable(new arrow.Table(batch)).lazy();
  try {
    return await applyStages(frame, stages, noInputs).collect();
  } catch (error) {
    if (!isValueError(error)) throw toRunError({ source: 'a batch', stages, sink: 'a batch' }, error);
    throw await nameStage(frame, stages, error);
  }
}

async function nameStage(frame: LazyDataFrame, stages: readonly NativeStage[], error: unknown): Promise<Error> {
  for (let count = 1; count < stages.length; count++) {
    const failed = await applyStages(frame, stages.slice(0, count), noInputs)
      .collect()
      .then(
        () => null,
        (cause: unknown) => cause,
      );
    if (failed !== null) return toValueError(stages[count - 1]!.name, failed);
  }
  return toValueError(stages.at(-1)!.name, error);
}
