// Rounds until told to stop, with the pauses of the schedule between them.
import { systemClock } from '../../core/index.ts';
import type { Clock } from '../../core/index.ts';
import type { LocalPattern } from './pattern.ts';
import type { PatternSync, SyncRound } from './pattern-sync.ts';
import { LEAST_INTERVAL_MS, nextIntervalMs } from './schedule.ts';
import type { ScheduleOptions } from './schedule.ts';
import type { SyncTransport } from './transport.ts';

/** Options of {@link serveSync}. */
export interface ServeSyncOptions extends ScheduleOptions {
  readonly transports: readonly SyncTransport[];
  /** What this host knows; asked before each round. */
  readonly readPatterns: () => Promise<readonly LocalPattern[]>;
  /** Told of each round and of the pause after it. */
  readonly onRound?: (round: SyncRound, pauseMs: number) => void | Promise<void>;
  readonly signal: AbortSignal;
  /** @default the system's */
  readonly clock?: Pick<Clock, 'sleep'>;
  /** Numbers from 0 to 1, for the jitter. @default Math.random */
  readonly draw?: () => number;
}

/** Resolves when the signal aborts; a round that is under way is ended first. */
export async function serveSync(sync: PatternSync, options: ServeSyncOptions): Promise<void> {
  const { transports, readPatterns, onRound, signal, clock = systemClock, draw = Math.random } = options;
  let pauseMs = options.minIntervalMs ?? LEAST_INTERVAL_MS;
  while (!signal.aborted) {
    const round = await sync.runOnce(await readPatterns(), transports);
    const news = round.released + round.delivered + round.taken;
    pauseMs = nextIntervalMs(pauseMs, { news, failures: round.failures.length }, draw(), options);
    await onRound?.(round, pauseMs);
    await clock.sleep(pauseMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
