// One call of a transform: its answer, its error, or that it took too long.
import type { Batch, Transform } from '../contract.ts';
import { stageTimeoutError } from './errors.ts';
import type { TransformFunction } from './run-contract.ts';

/** What runs as one stage. */
export interface Callee {
  readonly name: string;
  readonly transform: Transform | TransformFunction;
  readonly timeoutMs: number | null;
}

/**
 * Calls a transform.
 * @param signal aborted at the end of the run
 * @throws what the transform throws; RuvectorError `ERR_PIPELINE_TIMEOUT` when it does not answer in time, whatever it
 *   does later
 */
export function callTransform(callee: Callee, batch: Batch, signal: AbortSignal): Promise<Batch | null> {
  if (callee.timeoutMs === null) return invoke(callee, batch, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Batch | null>();
  const controller = new AbortController();
  const end = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onEnd);
  };
  const onEnd = (): void => {
    end();
    controller.abort(signal.reason);
  };
  const timer = setTimeout(() => {
    end();
    const error = stageTimeoutError(callee.name, callee.timeoutMs!, batch.numRows);
    controller.abort(error);
    reject(error);
  }, callee.timeoutMs);
  signal.addEventListener('abort', onEnd, { once: true });
  invoke(callee, batch, controller.signal).finally(end).then(resolve, reject);
  return promise;
}

async function invoke({ transform }: Callee, batch: Batch, signal: AbortSignal): Promise<Batch | null> {
  return typeof transform === 'function' ? transform(batch, signal) : transform.transform(batch, signal);
}
