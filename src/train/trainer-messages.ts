// JSON lines of a trainer ⇄ values. Pure. Counterpart: python/src/ruvector/trainer/_channel.py
import type { TrainJob, TrainProgress, TrainResult } from './train-job.ts';

/** An exception of the trainer. */
export interface TrainerFailure {
  /** ruvector's own code of the exception, null for an exception of another library. */
  readonly code: string | null;
  /** Python class. */
  readonly kind: string;
  readonly message: string;
  readonly traceback: string;
}

/** What a trainer says. `alive` only proves that its interpreter runs. */
export type TrainerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'alive' }
  | ({ readonly type: 'progress' } & TrainProgress)
  | ({ readonly type: 'result' } & TrainResult)
  | ({ readonly type: 'error' } & TrainerFailure);

const types = new Set(['ready', 'alive', 'progress', 'result', 'error']);

/** Parses one line; null for a line that is empty, cut short by a signal, or of another version. */
export function parseTrainerMessage(line: string): TrainerMessage | null {
  if (line === '') return null;
  try {
    const message = JSON.parse(line) as { type?: unknown } | null;
    const isKnown = typeof message?.type === 'string' && types.has(message.type);
    return isKnown ? (message as TrainerMessage) : null;
  } catch {
    return null;
  }
}

/** Encodes a job as the one line a trainer reads. */
export function encodeJob(job: TrainJob, bridgeFile: string | undefined): string {
  const { name, estimator, parameters, dataset, sampleWeight, activate } = job;
  const { task, window, seed, search, logger, names, run } = job;
  const asked = { name, estimator, parameters, dataset, sampleWeight, activate };
  const fields = { ...asked, task, window, seed, search, logger, names, run, bridgeFile };
  // Of a network; Python has no use for them, and a job for Python has none.
  const { layers, epochs, batchSize, learningRate, earlyStopping } = job;
  const network = { layers, epochs, batchSize, learningRate, earlyStopping };
  return `${JSON.stringify({ ...fields, ...network })}\n`;
}
