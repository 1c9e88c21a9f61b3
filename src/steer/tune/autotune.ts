// Finds the settings of a job in a few runs: one with the default, whose meters say what holds it back; then the settings that
// model and measurements together expect most of; at the end the best against the default, run by run. What is not
// shown to be better is not kept.
import { findStageBottleneck, predictSeconds } from './bottleneck-model.ts';
import type { StageBottleneck, TrialRun } from './bottleneck-model.ts';
import { describeConfiguration, keyOf, listConfigurations } from './configuration.ts';
import type { JobConfiguration, JobKnobs } from './configuration.ts';
import { tuneOptionError } from './errors.ts';
import { fitSurrogate } from './surrogate.ts';
import type { Residual } from './surrogate.ts';

/** Options of {@link autotune}. */
export interface TuneOptions {
  readonly knobs: JobKnobs;
  /** Runs the job, or the same part of it each time. */
  readonly run: (configuration: JobConfiguration) => Promise<TrialRun>;
  /** Cores that the stages share. */
  readonly cores: number;
  /** The most bytes that a row of the output may have; rows a second are what is wanted within that. @default any */
  readonly maxBytesPerRow?: number;
  /** What was best for such a job on such hardware; it is tried first. */
  readonly warmStart?: JobConfiguration;
  /** Most runs before the best is compared with the default. @default 10 */
  readonly maxTrials?: number;
  /** Pairs of runs of the best and of the default. @default 5 */
  readonly verifyPairs?: number;
  /** Told of each run, and which settings are the best so far. */
  readonly onTrial?: (trial: TuneTrial, best: JobConfiguration) => void;
}

/** A run with its settings. */
export interface TuneTrial {
  readonly configuration: JobConfiguration;
  readonly rowsPerSecond: number;
  readonly bytesPerRow: number | null;
  /** `profile` is the first, of the default. */
  readonly step: 'profile' | 'warm' | 'explore' | 'verify';
}

/** What tuning found. */
export interface TuneResult {
  /** What to use: the default, unless another was shown to be better. */
  readonly configuration: JobConfiguration;
  readonly isDefault: boolean;
  /** Rate over the default's, the median of the pairs; 1 for the default itself. */
  readonly speedup: number;
  readonly bottleneck: StageBottleneck | null;
  readonly trials: readonly TuneTrial[];
  /** One sentence for a person. */
  readonly reason: string;
}

/** Tuning ends when nothing is expected to gain this share. */
const LEAST_GAIN = 0.003;
/** The best has to be this much faster than the default to be kept. */
const KEPT_GAIN = 1.02;

/** @throws RuvectorError `ERR_STEER_TUNE`; what a run throws */
export async function autotune(options: TuneOptions): Promise<TuneResult> {
  const { knobs, warmStart, maxTrials = 10, verifyPairs = 5, maxBytesPerRow = Infinity } = options;
  if (!Number.isSafeInteger(maxTrials) || maxTrials < 1)
    throw tuneOptionError('maxTrials', maxTrials, 'a whole number above 0');
  if (!Number.isSafeInteger(verifyPairs) || verifyPairs < 1)
    throw tuneOptionError('verifyPairs', verifyPairs, 'a whole number above 0');
  if (!(maxBytesPerRow > 0)) throw tuneOptionError('maxBytesPerRow', maxBytesPerRow, 'a number above 0');
  const search = new TuneSearch(options, maxBytesPerRow);
  await search.try(knobs.start, 'profile');
  const warm = warmStart && search.all.find((each) => keyOf(each) === keyOf(warmStart));
  if (warm && keyOf(warm) !== keyOf(knobs.start)) await search.try(warm, 'warm');
  // What is known of such a job is checked, not searched for again.
  if (!warm) await explore(search, maxTrials);
  return verify(search, options, verifyPairs);
}

async function explore(search: TuneSearch, maxTrials: number): Promise<void> {
  while (search.trials.length < maxTrials) {
    const next = search.findNext();
    if (next === null) return;
    await search.try(next, 'explore');
  }
}

/** The best settings so far against the default, taking turns, so that what else the host does meets both. */
async function verify(
  search: TuneSearch,
  { knobs: { start } }: TuneOptions,
  pairs: number,
): Promise<TuneResult> {
  const best = search.findBest();
  const { bottleneck } = search;
  const keep = (configuration: JobConfiguration, speedup: number, reason: string): TuneResult => {
    const isDefault = keyOf(configuration) === keyOf(start);
    return { configuration, isDefault, speedup, bottleneck, trials: search.trials, reason };
  };
  if (keyOf(best) === keyOf(start))
    return keep(start, 1, 'nothing that was tried is faster than the default');
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [best, start] : [start, best];
    const rates = new Map<JobConfiguration, number>();
    for (const each of order) rates.set(each, await search.try(each, 'verify'));
    ratios.push(rates.get(best)! / rates.get(start)!);
  }
  const speedup = ratios.toSorted((one, other) => one - other)[ratios.length >> 1]!;
  const name = describeConfiguration(best);
  const isForced = !search.isAllowed(start);
  if (speedup >= KEPT_GAIN)
    return keep(best, speedup, `${name} was ${speedup.toFixed(2)} times as fast as the default`);
  if (isForced)
    return keep(
      best,
      speedup,
      `${name} has few enough bytes, the default has not; ${speedup.toFixed(2)} times as fast`,
    );
  return keep(
    start,
    1,
    `${name} looked best, and was ${speedup.toFixed(2)} times as fast as the default: not kept`,
  );
}

/** Trials, and what they let expect of the others. */
class TuneSearch {
  readonly all: readonly JobConfiguration[];
  readonly trials: TuneTrial[] = [];
  bottleneck: StageBottleneck | null = null;
  readonly #options: Pick<TuneOptions, 'run' | 'cores' | 'onTrial' | 'knobs'>;
  readonly #maxBytesPerRow: number;
  #profile: TrialRun | null = null;

  constructor(options: Pick<TuneOptions, 'run' | 'cores' | 'onTrial' | 'knobs'>, maxBytesPerRow = Infinity) {
    this.all = listConfigurations(options.knobs);
    this.#options = options;
    this.#maxBytesPerRow = maxBytesPerRow;
  }

  /** @returns rows a second */
  async try(configuration: JobConfiguration, step: TuneTrial['step']): Promise<number> {
    const run = await this.#options.run(configuration);
    if (this.#profile === null) {
      this.#profile = run;
      this.bottleneck = findStageBottleneck(run.legs);
    }
    const rowsPerSecond = run.rows / Math.max(run.seconds, 1e-6);
    const bytesPerRow = run.bytes === null ? null : run.bytes / Math.max(1, run.rows);
    const trial = { configuration, rowsPerSecond, bytesPerRow, step };
    this.trials.push(trial);
    this.#options.onTrial?.(trial, this.findBest());
    return rowsPerSecond;
  }

  /** Whether the output is small enough, as far as is known: the codec decides that, wherever it was tried. */
  isAllowed({ codec }: JobConfiguration): boolean {
    const known = this.trials.filter(
      (trial) => trial.configuration.codec === codec && trial.bytesPerRow !== null,
    );
    return known.every(({ bytesPerRow }) => bytesPerRow! <= this.#maxBytesPerRow);
  }

  /** The fastest that is allowed, by what model and runs together say of it; the smallest output where none is. */
  findBest(): JobConfiguration {
    const tried = [
      ...new Map(this.trials.map(({ configuration }) => [keyOf(configuration), configuration])).values(),
    ];
    const allowed = tried.filter((each) => this.isAllowed(each));
    if (allowed.length > 0) {
      const predict = fitSurrogate(this.#findResiduals());
      return pickGreatest(allowed, (each) => Math.log(this.#expect(each)) + predict(each).mean);
    }
    return pickGreatest(
      tried,
      (each) => -Math.min(...this.#trialsOf(each).map(({ bytesPerRow }) => bytesPerRow ?? Infinity)),
    );
  }

  /** What is expected to gain most over the best; null when nothing is worth a run. */
  findNext(): JobConfiguration | null {
    const predict = fitSurrogate(this.#findResiduals());
    const best = this.findBest();
    const goal = this.isAllowed(best) ? Math.log(this.#expect(best)) + predict(best).mean : -Infinity;
    const gainOf = (each: JobConfiguration): number => {
      const { mean, deviation } = predict(each);
      const expected = Math.log(this.#expect(each)) + mean;
      return goal === -Infinity ? expected : expectGain(expected - goal, deviation);
    };
    const open = this.all.filter((each) => this.#trialsOf(each).length === 0 && this.isAllowed(each));
    if (open.length === 0) return null;
    const next = pickGreatest(open, gainOf);
    return goal !== -Infinity && gainOf(next) < LEAST_GAIN ? null : next;
  }

  #findResiduals(): Residual[] {
    return this.trials.map(({ configuration, rowsPerSecond }) => ({
      configuration,
      value: Math.log(rowsPerSecond) - Math.log(this.#expect(configuration)),
    }));
  }

  /** Rows a second by the bottleneck model alone. */
  #expect(to: JobConfiguration): number {
    const { knobs, cores } = this.#options;
    return this.#profile!.rows / predictSeconds(this.#profile!, { from: knobs.start, to, cores });
  }

  #trialsOf(configuration: JobConfiguration): TuneTrial[] {
    const key = keyOf(configuration);
    return this.trials.filter((trial) => keyOf(trial.configuration) === key);
  }
}

/** Expected improvement of a normal variable over 0. */
function expectGain(mean: number, deviation: number): number {
  const z = mean / deviation;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  // The logistic is within 0.01 of the normal distribution function.
  return mean / (1 + Math.exp(-1.702 * z)) + deviation * density;
}

function pickGreatest<T>(values: readonly T[], scoreOf: (value: T) => number): T {
  return values.reduce((best, each) => (scoreOf(each) > scoreOf(best) ? each : best));
}
