// The demo's stream of decisions: it keeps deciding on what was seen last, many times a second, while
// models are swapped under it, and counts what came of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../host/host-types.ts';

/** Counts of the stream. */
export interface DecisionStreamCounts {
  decisions: number;
  /** Decisions for which the model was wanted and gave no usable answer, and calls that threw. */
  failures: number;
  /** Calls that threw instead of answering; part of the failures. */
  thrown: number;
}

const INTERVAL_MS = 5;

/** Decides about 200 times a second until the signal aborts. */
export async function runDecisionStream(
  host: Pick<Host, 'decide' | 'latest'>,
  counts: DecisionStreamCounts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if (host.latest?.features) await decideOnce(host, counts);
    await sleep(INTERVAL_MS);
  }
}

async function decideOnce(host: Pick<Host, 'decide'>, counts: DecisionStreamCounts): Promise<void> {
  counts.decisions++;
  try {
    const { fallback } = await host.decide();
    if (fallback === 'model-error' || fallback === 'not-finite' || fallback === 'time-out') counts.failures++;
  } catch {
    counts.failures++;
    counts.thrown++;
  }
}
