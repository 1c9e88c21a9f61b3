// Runs a plan that writes a part. A plan that runs cannot be stopped: an abort is answered at once, and the plan ends
// by itself, into a file that has no name any more.
import type { LazyDataFrame } from 'nodejs-polars';
import { withSystemCode } from './polars-error.ts';

/** Runs a plan to its end. @throws the signal's reason, at once; errors of the system with their code */
export async function runPlan(plan: LazyDataFrame, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const running = plan.collect();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal!.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([running, aborted.promise]);
  } catch (error) {
    // Heard here, should it fail later.
    running.catch(() => undefined);
    throw signal?.aborted ? error : withSystemCode(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
