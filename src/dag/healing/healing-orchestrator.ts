// Watches series and min cuts, and has what is wrong repaired, cycle by cycle: anomalies and drifts that were seen,
// crossings that are expected. A repair that helped stays, one that did not is undone, and what nobody can repair
// becomes a suggestion. Knows neither clock nor queue: whoever runs it says when a cycle is.
import { AnomalyDetector } from './anomaly-detector.ts';
import type { AnomalyOptions } from './anomaly-detector.ts';
import type { DriftDirection } from './drift.ts';
import { cycleRunningError, repeatedNameError, unknownDetectorError } from './errors.ts';
import { checkOption } from './options.ts';
import { TensionPredictor } from './prediction.ts';
import type { PredictiveOptions } from './prediction.ts';
import { judgeRepair, runAndWait, runNow, startRepair, undoRepair } from './repair.ts';
import type { Course, Repair, RepairAttempt, Trial } from './repair.ts';
import { describeTrouble } from './trouble.ts';
import type { AnomalyTrouble, DriftTrouble, PredictedTrouble, TensionAnalysis, Trouble } from './trouble.ts';

/** A trouble that no repair is there for. */
export interface HealingSuggestion {
  readonly trouble: Trouble;
  /** One sentence for a person. */
  readonly text: string;
}

/** What a cycle saw and did. */
export interface HealingCycle {
  /** Repairs of anomalies and drifts that were applied and not undone. */
  readonly reactiveRepairs: number;
  /** Repairs of expected crossings that were applied and not undone. */
  readonly predictiveInterventions: number;
  /** Everything that was wrong since the last cycle. */
  readonly troubles: readonly Trouble[];
  /** Every repair that was tried, and the trial that ended. */
  readonly attempts: readonly RepairAttempt[];
  readonly suggestions: readonly HealingSuggestion[];
}

/** Options of {@link HealingOrchestrator}. */
export interface HealingOptions {
  /** Cycles in which a repair that did not help is not tried again. @default 20 */
  readonly restCycles?: number;
}

/** A detector, and what it found since the last cycle. */
interface Watch {
  readonly detector: AnomalyDetector;
  anomalies: number;
  /** Value and score of the worst one. */
  readonly worst: Float64Array;
  drift: DriftDirection;
}

/** Repairs that can still be taken back. */
const LONGEST_HISTORY = 1000;

/** Reactive and predictive healing. */
export class HealingOrchestrator {
  readonly #restCycles: number;
  readonly #watches = new Map<string, Watch>();
  readonly #repairs = new Map<string, Repair>();
  /** Repairs that rest, with the cycle in which they may be tried again; Infinity for one that is stuck. */
  readonly #rests = new Map<string, number>();
  /** What was kept, oldest first. */
  #kept: { readonly repair: Repair; readonly attempt: RepairAttempt }[] = [];
  #trial: Trial | null = null;
  #predictor: TensionPredictor | null = null;
  #lastAnalysis: TensionAnalysis | null = null;
  #cycle = 0;
  #isRunning = false;

  constructor({ restCycles = 20 }: HealingOptions = {}) {
    checkOption('healing', 'restCycles', restCycles, { from: 0, isWhole: true });
    this.#restCycles = restCycles;
  }

  /** Watches a series. @throws RuvectorError `ERR_DAG_HEALING_NAME`, `ERR_DAG_HEALING_OPTION` */
  addDetector(name: string, options: AnomalyOptions = {}): void {
    if (this.#watches.has(name)) throw repeatedNameError('detector', name);
    const detector = new AnomalyDetector(name, options);
    this.#watches.set(name, { detector, anomalies: 0, worst: new Float64Array(2), drift: 0 });
  }

  /** Adds what may be done; of those that can, earlier ones are tried first. @throws RuvectorError `ERR_DAG_HEALING_NAME` */
  addRepair(repair: Repair): void {
    if (this.#repairs.has(repair.name)) throw repeatedNameError('repair', repair.name);
    const of = `repair "${repair.name}"`;
    checkOption(of, 'minImprovement', repair.minImprovement ?? 0, { from: 0 });
    checkOption(of, 'settleCycles', repair.settleCycles ?? 0, { from: 0, isWhole: true });
    this.#repairs.set(repair.name, repair);
  }

  /** Sets how crossings are foretold; what was learned of min cuts so far is forgotten. @throws RuvectorError `ERR_DAG_HEALING_OPTION` */
  enablePredictive(options: PredictiveOptions = {}): void {
    this.#predictor = new TensionPredictor(options);
  }

  /** A detector, for its score. @throws RuvectorError `ERR_DAG_HEALING_NAME` */
  detector(name: string): AnomalyDetector {
    return this.#watch(name).detector;
  }

  /**
   * Scores a value, then takes it in. Allocates nothing.
   * @returns true for an anomaly
   * @throws RuvectorError `ERR_DAG_HEALING_NAME`, or `ERR_DAG_OBSERVATION` for NaN and infinities
   */
  observe(name: string, value: number): boolean {
    const watch = this.#watch(name);
    const { detector, worst } = watch;
    const isAnomalous = detector.observe(value);
    if (isAnomalous && (watch.anomalies++ === 0 || Math.abs(detector.score) > Math.abs(worst[1]!))) {
      worst[0] = value;
      worst[1] = detector.score;
    }
    if (detector.driftDirection !== 0) watch.drift = detector.driftDirection;
    return isAnomalous;
  }

  /** Takes an analysis in, with default predictions when none were enabled. @throws RuvectorError `ERR_DAG_OBSERVATION` for NaN */
  observeMincut(analysis: TensionAnalysis): void {
    this.#predictor ??= new TensionPredictor();
    this.#predictor.observe(analysis);
    this.#lastAnalysis = analysis;
  }

  /**
   * Takes an analysis in, unless it is the last one that was, and says what is expected. What it says is answered in the
   * next cycle, also when it looks better by then.
   */
  predictAndPrepare(analysis: TensionAnalysis): readonly PredictedTrouble[] {
    if (analysis !== this.#lastAnalysis) this.observeMincut(analysis);
    return this.#predictor!.raised();
  }

  /** One cycle, at once. A repair whose steps give promises needs `runCycleAsync`. @throws RuvectorError `ERR_DAG_HEALING_BUSY` */
  runCycle(): HealingCycle {
    return this.#alone(() => runNow(this.#heal()));
  }

  /** One cycle; waits for repairs. @throws RuvectorError `ERR_DAG_HEALING_BUSY` while another one runs */
  async runCycleAsync(): Promise<HealingCycle> {
    return this.#alone(() => runAndWait(this.#heal()));
  }

  /** Takes back what was kept (of 1,000 repairs at most) and is on trial, the newest first. @throws RuvectorError `ERR_DAG_HEALING_BUSY` */
  undoAll(): readonly RepairAttempt[] {
    return this.#alone(() => runNow(this.#undoAll()));
  }

  /** The same for repairs whose steps give promises. */
  async undoAllAsync(): Promise<readonly RepairAttempt[]> {
    return this.#alone(() => runAndWait(this.#undoAll()));
  }

  #watch(name: string): Watch {
    const watch = this.#watches.get(name);
    if (!watch) throw unknownDetectorError(name, [...this.#watches.keys()]);
    return watch;
  }

  /** Keeps out a second cycle while one runs. */
  #alone<T>(run: () => T): T {
    if (this.#isRunning) throw cycleRunningError();
    this.#isRunning = true;
    let result: T;
    try {
      result = run();
    } catch (error) {
      this.#isRunning = false;
      throw error;
    }
    if (!(result instanceof Promise)) this.#isRunning = false;
    else result.finally(() => (this.#isRunning = false)).catch(() => undefined);
    return result;
  }

  *#heal(): Course<HealingCycle> {
    this.#cycle++;
    const attempts: RepairAttempt[] = [];
    const suggestions: HealingSuggestion[] = [];
    const troubles = [...this.#takeTroubles()];
    yield* this.#judgeTrial(attempts);
    const repaired = new Set<string>();
    for (const trouble of troubles) {
      // One action at a time: of two, nobody could say which one helped. An alarm waits, an anomaly comes again.
      if (this.#trial) break;
      if (repaired.has(trouble.name)) continue;
      const text = yield* this.#tryRepairs(trouble, attempts);
      if (text === null) repaired.add(trouble.name);
      else suggestions.push({ trouble, text });
      if (trouble.kind === 'prediction') this.#predictor!.answer(trouble, text === null);
    }
    const done = attempts.filter(({ outcome }) => outcome === 'kept' || outcome === 'trial');
    const predictive = done.filter(({ trouble }) => trouble.kind === 'prediction').length;
    return {
      reactiveRepairs: done.length - predictive,
      predictiveInterventions: predictive,
      troubles,
      attempts,
      suggestions,
    };
  }

  /** What is wrong: the worst of each detector since the last cycle, its drift, alarms. */
  *#takeTroubles(): Generator<Trouble> {
    for (const [name, watch] of this.#watches) {
      const { anomalies: count, worst, drift } = watch;
      const [value, score] = [worst[0]!, worst[1]!];
      if (count > 0) yield { kind: 'anomaly', name, count, value, score } satisfies AnomalyTrouble;
      if (drift !== 0) yield { kind: 'drift', name, direction: drift } satisfies DriftTrouble;
      watch.anomalies = watch.drift = 0;
    }
    yield* this.#predictor?.raised() ?? [];
  }

  /** Tries the repairs for a trouble until one helps. @returns null when one did, else what to suggest */
  *#tryRepairs(trouble: Trouble, attempts: RepairAttempt[]): Course<string | null> {
    const candidates = this.#candidates(trouble, attempts);
    for (const repair of candidates) {
      if ((this.#rests.get(repair.name) ?? 0) > this.#cycle) continue;
      const started = yield* startRepair(repair, trouble);
      if ('outcome' in started) {
        this.#conclude(repair, started, attempts);
        continue;
      }
      if (started.waits > 0) {
        const { before } = started;
        attempts.push({ repair: repair.name, trouble, outcome: 'trial', before, after: null });
        this.#trial = started;
        return null;
      }
      const attempt = yield* judgeRepair(started);
      this.#conclude(repair, attempt, attempts);
      if (attempt.outcome === 'kept') return null;
    }
    const names = candidates.map(({ name }) => name).join(', ');
    const state =
      names === '' ? 'no repair is for it; add one' : `none of its repairs helped lately (${names})`;
    return `${describeTrouble(trouble)}; ${state}`;
  }

  /** Repairs that say they can; one that cannot even say so has failed. */
  #candidates(trouble: Trouble, attempts: RepairAttempt[]): Repair[] {
    return [...this.#repairs.values()].filter((repair) => {
      try {
        return repair.canRepair(trouble);
      } catch (error) {
        attempts.push({ repair: repair.name, trouble, outcome: 'failed', before: null, after: null, error });
        return false;
      }
    });
  }

  *#judgeTrial(attempts: RepairAttempt[]): Course<void> {
    const trial = this.#trial;
    if (!trial || --trial.waits > 0) return;
    const attempt = yield* judgeRepair(trial);
    this.#trial = null;
    this.#conclude(trial.repair, attempt, attempts);
  }

  #conclude(repair: Repair, attempt: RepairAttempt, attempts: RepairAttempt[]): void {
    attempts.push(attempt);
    if (attempt.outcome === 'kept') {
      this.#kept.push({ repair, attempt });
      if (this.#kept.length > LONGEST_HISTORY) this.#kept.shift();
    } else {
      const isStuck = attempt.outcome === 'stuck';
      this.#rests.set(repair.name, isStuck ? Infinity : this.#cycle + this.#restCycles + 1);
    }
  }

  *#undoAll(): Course<RepairAttempt[]> {
    const open = this.#kept.toReversed();
    if (this.#trial) {
      const { repair, trouble, before } = this.#trial;
      open.unshift({
        repair,
        attempt: { repair: repair.name, trouble, outcome: 'trial', before, after: null },
      });
    }
    this.#kept = [];
    this.#trial = null;
    const attempts: RepairAttempt[] = [];
    for (const { repair, attempt } of open) attempts.push(yield* undoRepair(repair, attempt));
    return attempts;
  }
}
