// When the optimizer acted last, for the features of a running host: on the time they run on, which no step of
// the wall clock moves.
import { createSteadyTime, systemClock } from '../../core/index.ts';
import type { Clock, SteadyTime } from '../../core/index.ts';
import type { History } from '../../store/index.ts';
import { createStepLog } from './clock-steps.ts';

const DAY_MS = 86_400_000;

/** The last real action, on steady time. */
export class LastAction {
  readonly steadyTime: SteadyTime;
  readonly #clock: Clock;
  #atMs: number | null = null;

  /** @param log told of each step of the wall clock */
  constructor(log: (text: string) => void, clock: Clock = systemClock) {
    this.#clock = clock;
    this.steadyTime = createSteadyTime(clock, createStepLog(log, clock));
  }

  /** Null while none is known. */
  get atMs(): number | null {
    return this.#atMs;
  }

  /** Takes the last one of the day before now; rows from the future are those of a clock that was ahead. */
  async readFrom(history: Pick<History, 'rows'>): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const events = await history.rows('optimization', { fromMs: nowMs - DAY_MS, toMs: nowMs + 1 });
    this.#atMs = events.findLast((event) => event.mode === 'act')?.timestamp ?? null;
  }

  /** Takes one that was stamped by the wall clock a moment ago. */
  note(timestampMs: number): void {
    const wallMs = this.#clock.nowMs();
    const steadyMs = this.steadyTime.at({ wallMs, monotonicMs: this.#clock.monotonicMs() });
    // The clock may have been set back in that moment.
    this.#atMs = Math.min(steadyMs, timestampMs + steadyMs - wallMs);
  }
}
