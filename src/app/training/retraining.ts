// Retraining while serving, by time or by samples: the newest history becomes the next model, which goes live
// only through the gate: nobody is there to say that it shall be forced. A training that
// fails is logged and tried again when the next one is due; the live model stays.
import { messageOf, systemClock } from '../../core/index.ts';
import type { Clock } from '../../core/index.ts';
import type { Host } from '../host/host-types.ts';

/**
 * Trains every `retrainMinutes` and after `retrainSamples` labelled samples until the signal aborts;
 * resolves at once when both are 0.
 */
export async function runRetraining(
  host: Pick<Host, 'config' | 'training' | 'samples'>,
  signal: AbortSignal,
  log: (text: string) => void,
  clock: Clock = systemClock,
): Promise<void> {
  const { retrainMinutes, retrainSamples } = host.config;
  const whenever = async (isDue: () => Promise<boolean>): Promise<void> => {
    while (await isDue()) await trainOnce(host, signal, log);
  };
  await Promise.all([
    retrainMinutes > 0 && whenever(() => waited(clock, retrainMinutes * 60_000, signal)),
    retrainSamples > 0 && whenever(() => host.samples.waitUntilDue(signal)),
  ]);
}

async function trainOnce(
  host: Pick<Host, 'training'>,
  signal: AbortSignal,
  log: (text: string) => void,
): Promise<void> {
  try {
    const { deployment } = await host.training.train({}, { signal });
    const state = deployment?.isLive ? 'it is live' : 'it stays a candidate';
    log(`trained ${deployment?.name}@${deployment?.version}: ${state}, ${deployment?.reason}`);
  } catch (error) {
    if (!signal.aborted) log(`training failed: ${messageOf(error)}`);
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
