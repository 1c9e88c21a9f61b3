// How often a host syncs: between one minute and one hour. News halves the pause, none doubles it, and so does a peer
// that is away, so that a network in trouble is left alone.

/** Bounds of the pause between two rounds. */
export interface ScheduleOptions {
  /** @default 60_000, one minute, which is also the least there may be */
  readonly minIntervalMs?: number;
  /** @default 3_600_000, one hour, which is also the most */
  readonly maxIntervalMs?: number;
}

/** How a round ended. */
export interface RoundOutcome {
  /** Patterns that left or came. */
  readonly news: number;
  /** Peers or transports that could not be reached. */
  readonly failures: number;
}

export const LEAST_INTERVAL_MS = 60_000;
export const MOST_INTERVAL_MS = 3_600_000;
/** Pauses are shortened or lengthened by up to this share, so that hosts that started together do not stay together. */
const JITTER = 0.1;

/** The pause after a round. @param lastMs the pause before it @param draw a number from 0 to 1 */
export function nextIntervalMs(
  lastMs: number,
  { news, failures }: RoundOutcome,
  draw: number,
  { minIntervalMs = LEAST_INTERVAL_MS, maxIntervalMs = MOST_INTERVAL_MS }: ScheduleOptions = {},
): number {
  const factor = failures > 0 || news === 0 ? 2 : 0.5;
  const jitter = 1 + JITTER * (2 * draw - 1);
  return Math.min(maxIntervalMs, Math.max(minIntervalMs, lastMs * factor * jitter));
}
