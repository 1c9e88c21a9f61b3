// `optimizer`: what the daemon would do now, and why. Asking does nothing: the daemon acts by itself, and
// only when it was started with --act.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError } from '../core/index.ts';
import type { DaemonStatus, DecisionSummary, ExplanationSummary } from './answers.ts';
import type { DaemonLink } from './daemon-link.ts';
import { makeCancellable } from './interruptible.ts';
import type { Interruptible } from './interruptible.ts';

/** Options of {@link Optimizer}. */
export interface DecideOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for a daemon whose feature windows are not full yet. @default 20_000 */
  readonly waitMs?: number | undefined;
}

/** One decision on what the daemon saw last. */
export interface DecisionReport extends Omit<DecisionSummary, 'decisionUs'> {
  readonly kind: 'decision';
  readonly latency: { readonly decisionUs: number };
  /** Whether the daemon acts on its decisions, or only plans. */
  readonly acting: boolean;
}

/** A decision with everything it was made from. */
export interface ExplanationReport extends Omit<ExplanationSummary, 'decision'> {
  readonly kind: 'explanation';
  readonly decision: DecisionReport;
}

/** The decisions of this host. */
export interface ClientOptimizer {
  /**
   * Decides on what was seen last; nothing is done.
   * @throws RuvectorError `ERR_APP_NOT_READY` when the feature windows did not fill within `waitMs`
   */
  decide(options?: DecideOptions): Interruptible<DecisionReport>;
  /** The same with features, safeguards and what page-out can free here. @throws as `decide` */
  explain(options?: DecideOptions): Interruptible<ExplanationReport>;
}

const DEFAULT_WAIT_MS = 20_000;
const POLL_MS = 100;

/** Creates the optimizer of a client. */
export function createClientOptimizer(link: DaemonLink): ClientOptimizer {
  const run = <T>(
    call: string,
    options: DecideOptions,
    pick: (report: ExplanationReport) => T,
  ): Interruptible<T> =>
    makeCancellable(call, options.signal, async (signal) =>
      pick(await explain(link, signal, options.waitMs ?? DEFAULT_WAIT_MS)),
    );
  return {
    explain: (options = {}) => run('optimizer.explain', options, (report) => report),
    decide: (options = {}) => run('optimizer.decide', options, ({ decision }) => decision),
  };
}

async function explain(link: DaemonLink, signal: AbortSignal, waitMs: number): Promise<ExplanationReport> {
  const { decision, ...rest } = await askWhenReady(link, signal, waitMs);
  const { acting } = await link.request<DaemonStatus>('status', {}, { signal });
  const { decisionUs, ...summary } = decision;
  return {
    kind: 'explanation',
    decision: { kind: 'decision', ...summary, latency: { decisionUs }, acting },
    ...rest,
  };
}

async function askWhenReady(
  link: DaemonLink,
  signal: AbortSignal,
  waitMs: number,
): Promise<ExplanationSummary> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await link.request<ExplanationSummary>('decide', {}, { signal });
    } catch (error) {
      if (!isRuvectorError(error, 'ERR_APP_NOT_READY') || performance.now() >= deadlineMs) throw error;
    }
    // Aborting rejects the next request with the signal's own reason.
    await sleep(POLL_MS);
  }
}
