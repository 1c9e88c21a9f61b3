// A transform of a module as a stage of the builder: its workers start with the run and end with it.
import type { OpenableTransform } from '../plan/pipeline-parts.ts';
import { createWorkerTransform } from './worker-transform.ts';
import type { TransformReference, WorkerTransformOptions } from './worker-transform.ts';

/** How such a stage runs. */
export type WorkerStageOptions = TransformReference &
  Pick<WorkerTransformOptions, 'maxWorkers' | 'timeoutMs' | 'isRetried' | 'resourceLimits' | 'factor'> & {
    /** @default the name of the export, or `worker` for the default one */
    readonly name?: string;
  };

/**
 * A stage that runs in worker threads.
 * @example pipeline().from(source).through(workerStage({ module: import.meta.resolve('./scale.ts') })).to(sink)
 */
export function workerStage({ name, ...options }: WorkerStageOptions): OpenableTransform {
  const { exportName = 'worker' } = options;
  return {
    name: name ?? exportName,
    runsInWorkers: true,
    open: async (inputSchema, { budget, signal }) => {
      const transform = await createWorkerTransform({ ...options, inputSchema, budget, signal });
      return { transform, workers: () => transform.concurrency };
    },
  };
}
