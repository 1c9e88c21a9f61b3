// What the runs of one pattern of plans say: how many, how much better than the baseline, with what spread, and which
// mechanism did best. Means and variances by Welford's method; those of two sides join by Chan's.

/** Runs of a pattern with one mechanism. */
export interface MechanismStats {
  readonly mechanism: string;
  readonly count: number;
  /** Mean of 1 − time / baseline. */
  readonly meanImprovement: number;
  /** Mean of ln(time / baseline), as it is learned: each kept within ± ln 1000. */
  readonly meanLogRatio: number;
}

/** Runs of a pattern. */
export interface TrajectoryStats {
  readonly count: number;
  /** Mean of 1 − time / baseline: 0.3 is 30 % less time than the baseline took. */
  readonly meanImprovement: number;
  /** Sample variance of the improvement; 0 for fewer than two runs. */
  readonly variance: number;
  /** The mechanism with the highest mean improvement; null before the first run. */
  readonly bestMechanism: string | null;
}

/** Mean and sum of squared deviations of what was seen so far. */
export interface RunningMoments {
  count: number;
  mean: number;
  squares: number;
}

/** A mechanism's runs as they are counted. */
export interface RunningMechanism {
  count: number;
  meanImprovement: number;
  meanLogRatio: number;
}

/** Statistics that grow run by run. */
export class TrajectoryCounter {
  readonly moments: RunningMoments;
  /** By number of the mechanism; one without runs is not there. */
  readonly mechanisms: Map<number, RunningMechanism>;

  constructor(
    moments: RunningMoments = { count: 0, mean: 0, squares: 0 },
    mechanisms = new Map<number, RunningMechanism>(),
  ) {
    this.moments = moments;
    this.mechanisms = mechanisms;
  }

  add(mechanism: number, improvement: number, logRatio: number): void {
    const { moments } = this;
    moments.count++;
    const away = improvement - moments.mean;
    moments.mean += away / moments.count;
    moments.squares += away * (improvement - moments.mean);
    const own = this.mechanisms.get(mechanism) ?? { count: 0, meanImprovement: 0, meanLogRatio: 0 };
    this.mechanisms.set(mechanism, own);
    own.count++;
    own.meanImprovement += (improvement - own.meanImprovement) / own.count;
    own.meanLogRatio += (logRatio - own.meanLogRatio) / own.count;
  }

  /** @param names of the mechanisms, by number */
  stats(names: readonly string[]): TrajectoryStats {
    const { count, mean, squares } = this.moments;
    let best: [number, RunningMechanism] | null = null;
    for (const each of this.mechanisms)
      if (!best || each[1].meanImprovement > best[1].meanImprovement) best = each;
    return {
      count,
      meanImprovement: mean,
      variance: count < 2 ? 0 : squares / (count - 1),
      bestMechanism: best ? names[best[0]]! : null,
    };
  }

  mechanismStats(names: readonly string[]): MechanismStats[] {
    return [...this.mechanisms].map(([number, stats]) => ({ mechanism: names[number]!, ...stats }));
  }
}
