// What is believed of an arm in a template, before a draw: the logarithm of its time over the default's. Evidence of the
// template weighs in with a prior from all templates, which two hidden factors of templates and arms give (rank 2).
import { CellState, CensoredAls } from './censored-als.ts';
import { findLogRatio, findMedian } from './template-record.ts';
import type { StatementRecord, TemplateRecord } from './template-record.ts';

/** A normal distribution. */
export interface Belief {
  readonly mean: number;
  readonly variance: number;
}

/** Variance of an arm between templates that nothing is known of. */
const PRIOR_VARIANCE = 0.5;
/** Variance between the statements of a template, before any are known. */
const WITHIN_VARIANCE = 0.25;
/** Variance of one measurement that is repeated. */
const NOISE_VARIANCE = 0.01;
/** Templates with an arm that weigh as much as the prior of no difference. */
const PRIOR_TEMPLATES = 4;
/** Statements nearby that weigh as much as all the others of the template. */
const NEARBY = 2;
const SWEEPS = 20;

/** Expected log ratios of arms by template, from all of them together. */
export class ArmPriors {
  readonly #rank: number;
  #means = new Map<string, ReadonlyMap<string, number>>();
  #overall = new Map<string, number>();

  constructor(rank: number) {
    this.#rank = rank;
  }

  /** What the factors, or else the other templates, expect. */
  meanOf(template: string, arm: string): number {
    return this.#means.get(template)?.get(arm) ?? this.#overall.get(arm) ?? 0;
  }

  /** Fits the factors to the medians of all templates. @param random starts the factors */
  fit(templates: ReadonlyMap<string, TemplateRecord>, arms: readonly string[], random: () => number): void {
    const known = [...templates].filter(([, record]) => record.defaultMs.length > 0);
    const width = arms.length + 1;
    const values = new Float64Array(known.length * width);
    const states = new Uint8Array(values.length);
    const counts = new Float64Array(arms.length);
    known.forEach(([, record], row) => {
      values[row * width] = Math.log1p(findMedian(record.defaultMs)!);
      states[row * width] = CellState.measured;
      arms.forEach((arm, at) => {
        const { logRatios, timeouts } = record.arms[arm]!;
        const ratio = findMedian(logRatios);
        if (ratio === null) return;
        counts[at]!++;
        const cell = row * width + at + 1;
        values[cell] = Math.log1p(findMedian(record.defaultMs)! * Math.exp(ratio));
        states[cell] = timeouts > logRatios.length / 2 ? CellState.stopped : CellState.measured;
      });
    });
    const als = new CensoredAls(known.length, width, { rank: this.#rank, random });
    als.fit(values, states, SWEEPS);
    this.#overall = new Map(arms.map((arm, at) => [arm, findOverall(known, arm, counts[at]!)]));
    this.#means = new Map(
      known.map(([name, record], row) => {
        const own = Math.log(Math.max(findMedian(record.defaultMs)!, Number.MIN_VALUE));
        return [
          name,
          new Map(
            arms.map((arm, at) => {
              const expected = Math.log(Math.max(Math.expm1(als.completed[row * width + at + 1]!), 1e-3));
              const weight = counts[at]! / (counts[at]! + PRIOR_TEMPLATES);
              const factors = Math.min(2, Math.max(-1, expected - own)) * weight;
              return [arm, (factors + this.#overall.get(arm)!) / 2] as const;
            }),
          ),
        ];
      }),
    );
  }
}

/** Mean over templates, drawn towards no difference. */
function findOverall(known: readonly [string, TemplateRecord][], arm: string, count: number): number {
  let sum = 0;
  for (const [, record] of known) sum += findMedian(record.arms[arm]!.logRatios) ?? 0;
  return sum / (count + PRIOR_TEMPLATES);
}

/** What is believed of an arm for one statement. */
export function believe(
  record: TemplateRecord,
  arm: string,
  { statement, prior }: { readonly statement: StatementRecord | null; readonly prior: number },
): Belief {
  const own = statement && findLogRatio(statement, arm);
  if (own !== null) return { mean: own, variance: NOISE_VARIANCE };
  const { logRatios } = record.arms[arm]!;
  const { mean: sample, variance: within } = describe(logRatios);
  const precision = 1 / PRIOR_VARIANCE + logRatios.length / within;
  const mean = (prior / PRIOR_VARIANCE + (logRatios.length * sample) / within) / precision;
  const nearby = statement ? findNearby(record, arm, statement.features) : null;
  if (!nearby) return { mean, variance: 1 / precision };
  const share = nearby.weight / (nearby.weight + NEARBY);
  return { mean: share * nearby.mean + (1 - share) * mean, variance: 1 / precision };
}

function describe(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: (squares + 4 * WITHIN_VARIANCE) / (values.length + 4) };
}

/** The arm on statements whose plans have like numbers: a bell of width 1, so that logarithms count as factors of e. */
function findNearby(
  record: TemplateRecord,
  arm: string,
  features: readonly number[],
): { readonly mean: number; readonly weight: number } | null {
  if (features.length === 0) return null;
  let [weight, sum] = [0, 0];
  for (const other of record.statements.values()) {
    if (other.features.length !== features.length) continue;
    const ratio = findLogRatio(other, arm);
    if (ratio === null) continue;
    const distance = features.reduce((squares, value, at) => squares + (value - other.features[at]!) ** 2, 0);
    const near = Math.exp(-distance / 2);
    weight += near;
    sum += near * ratio;
  }
  return weight > 0.01 ? { mean: sum / weight, weight } : null;
}
