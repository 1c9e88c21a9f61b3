// Retraining while serving: the newest history becomes the next model. A training that fails is
// logged and tried again at the next interval; the live model stays.
import { messageOf, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { Host } from './host-types.ts';

/** Trains every `retrainMinutes` until the signal aborts; resolves at once when that is 0. */
export async function runRetraining(
  host: Pick<Host, 'config' | 'training'>,
  signal: AbortSignal,
  log: (text: string) => void,
  clock: Clock = systemClock,
): Promise<void> {
  const { retrainMinutes } = host.config;
  if (retrainMinutes === 0) return;
  while (await waited(clock, retrainMinutes * 60_000, signal)) {
    try {
      const { deployment } = await host.training.train({}, { signal });
      log(`trained ${deployment?.name}@${deployment?.version}`);
    } catch (error) {
      if (!signal.aborted) log(`training failed: ${messageOf(error)}`);
    }
  }
}

/** False when the signal ended the wait. */
async function waited(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}
