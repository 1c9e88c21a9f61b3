// Runs an actuator under a deadline and takes it out of service for a while when it overruns or
// fails again and again: the safe state is to do nothing.
import type { Clock } from '../core/index.ts';
import type { Actuator, ActuatorPlan, ActuatorResult } from './actuator.ts';
import { overrunError, toActionFailure } from './errors.ts';

/** Options of {@link createWatchdog}. */
export interface WatchdogOptions {
  readonly clock: Clock;
  /** Longest action on one target. @default 2000 */
  readonly timeoutMs?: number;
  /** How long an actuator may take to obey the abort. @default 500 */
  readonly graceMs?: number;
  /** Failures in a row after which an actuator rests. @default 3 */
  readonly maxFailures?: number;
  /** How long it rests. @default 30000 */
  readonly coolDownMs?: number;
}

/** Guards actuators by name. */
export interface Watchdog {
  /** Runs one action. Never rejects, never waits longer than the deadline and the grace. */
  run(actuator: Actuator, plan: ActuatorPlan, signal: AbortSignal): Promise<ActuatorResult>;
  /** How long the actuator still rests (0 when it does not) and why. */
  restOf(name: string): { forMs: number; why: string };
}

interface Service {
  failures: number;
  restsUntilMs: number;
  why: string;
  isHanging: boolean;
}

/** Builds the watchdog. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
  const { clock, timeoutMs = 2000, graceMs = 500, maxFailures = 3, coolDownMs = 30_000 } = options;
  const services = new Map<string, Service>();
  const serviceOf = (name: string): Service => {
    const known = services.get(name) ?? { failures: 0, restsUntilMs: 0, why: '', isHanging: false };
    services.set(name, known);
    return known;
  };

  const note = (service: Service, error: ActuatorResult['error']): void => {
    if (error === undefined || isNobodysFault(error.code)) {
      if (error === undefined) service.failures = 0;
      return;
    }
    service.failures++;
    const isOverrun = error.code === 'ERR_OPTIMIZE_OVERRUN';
    if (!isOverrun && service.failures < maxFailures) return;
    service.restsUntilMs = clock.monotonicMs() + coolDownMs;
    service.why = isOverrun ? error.message : `${service.failures} failures in a row, last: ${error.message}`;
    service.failures = 0;
  };

  return {
    async run(actuator, plan, signal) {
      const service = serviceOf(actuator.name);
      const startMs = clock.monotonicMs();
      const deadline = new AbortController();
      const timer = new AbortController();
      const overrun = overrunError(actuator.name, timeoutMs);
      const acting = actuator
        .act(plan, AbortSignal.any([signal, deadline.signal]))
        .catch((error: unknown) => failed(clock.monotonicMs() - startMs, error));
      const expiry = clock
        .sleep(timeoutMs, timer.signal)
        .then(() => deadline.abort(overrun))
        .then(() => clock.sleep(graceMs, timer.signal))
        .catch(() => undefined)
        .then(() => null);
      const first = await Promise.race([acting, expiry]);
      timer.abort();
      if (first === null) {
        service.isHanging = true;
        void acting.then(() => (service.isHanging = false));
      }
      const result = first ?? failed(clock.monotonicMs() - startMs, overrun);
      note(service, result.error);
      return result;
    },
    restOf(name) {
      const service = serviceOf(name);
      if (service.isHanging)
        return { forMs: Number.POSITIVE_INFINITY, why: 'its last action never came back' };
      return { forMs: Math.max(0, service.restsUntilMs - clock.monotonicMs()), why: service.why };
    },
  };
}

// A target that ends while it is acted on says nothing about the actuator.
const isNobodysFault = (code: string): boolean => code === 'ERR_OPTIMIZE_PROCESS_GONE';

function failed(durationMs: number, error: unknown): ActuatorResult {
  const durationUs = Math.round(durationMs * 1000);
  return { advisedBytes: 0, rssDropBytes: 0, durationUs, error: toActionFailure(error) };
}
