// A transform of the user's own, by module and export, as a part that can be named.
import { workerStage } from '../workers/worker-stage.ts';
import { defineTransform } from './define-part.ts';
import type { PartRegistry } from './plugin-entry.ts';

const workerPart = defineTransform({
  name: 'worker',
  about: 'a transform of your own, in worker threads',
  options: {
    module: {
      type: 'text',
      about: 'the module that makes it, `.js`, `.mjs` or `.ts`',
      example: './scale.mjs',
    },
    export: {
      type: 'text',
      default: 'default',
      about: 'its function that makes the transform from the options',
      example: 'makeScale',
    },
    options: {
      type: 'mapping',
      defaultText: 'none',
      about: 'given to that function',
      example: { factor: 3 },
    },
    maxWorkers: {
      type: 'integer',
      range: { min: 1, max: 64 },
      wanted: 'a whole number from 1 to 64',
      defaultText: 'as many as there are cores',
      about: 'most threads; a transform that keeps something between batches has one',
      example: 2,
    },
    timeoutMs: {
      type: 'number',
      unit: 'ms',
      range: { above: 0 },
      wanted: 'a time above 0',
      defaultText: 'none',
      about: 'longest time for one batch; its thread is ended then',
      example: 10_000,
    },
  },
  required: ['module'],
  paths: ['module'],
  create: ({ module, export: exportName, options, maxWorkers, timeoutMs }) =>
    workerStage({
      module,
      exportName,
      ...(options && { options }),
      ...(maxWorkers !== undefined && { maxWorkers }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    }),
});

/** Registers it. */
export function registerWorker(registry: PartRegistry): void {
  registry.transform(workerPart);
}
