// Whether attention foretells where the next run of a query spends its time, on templates that were held out: real runs in
// PostgreSQL, each mechanism as it comes and with keys fitted to other templates, beside the same share for all, the
// planner's cost and the share of the last run. `next run` has the template's last run at hand, `first run` nothing but the
// plan. The table with intervals goes to standard error; intervals are of the difference, by bootstrap over templates.
import {
  AttentionSelector,
  attentionTypes,
  CausalConeAttention,
  CriticalPathAttention,
  findKnownShares,
  findTimeShares,
  fitAttention,
  HierarchicalLorentzAttention,
  MinCutGatedAttention,
  ParallelBranchAttention,
  scoreForecast,
  SelectionPolicy,
  TemporalBtspAttention,
  TopologicalAttention,
} from '../../src/dag/index.ts';
import type {
  AttentionOptions,
  AttentionType,
  DagAttention,
  ForecastScore,
  QueryDag,
} from '../../src/dag/index.ts';
import { createRandom } from '../support/random.ts';
import { forgetRun, rememberRun, runShopQueries } from './dag/plan-runs.ts';
import type { PlanRun } from './dag/plan-runs.ts';
import { quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const bench = 'dag.usefulness';
const FOLDS = 5;
const RESAMPLES = 2000;
/** Points of top-1 by which a mechanism has to beat both baselines. */
const GOAL_POINTS = 5;

/** A plan before a run, and what the run then took. */
interface Trial {
  readonly template: string;
  readonly dag: QueryDag;
  readonly run: QueryDag;
  readonly actual: ReadonlyMap<number, number>;
}

type Regime = 'first run' | 'next run';
type Scores = readonly ForecastScore[];

const mechanisms: Readonly<Record<AttentionType, (options?: AttentionOptions) => DagAttention>> = {
  topological: (options) => new TopologicalAttention(options),
  causal_cone: (options) => new CausalConeAttention(options),
  critical_path: (options) => new CriticalPathAttention(options),
  min_cut_gated: (options) => new MinCutGatedAttention(options),
  hierarchical_lorentz: (options) => new HierarchicalLorentzAttention(options),
  parallel_branch: (options) => new ParallelBranchAttention(options),
  temporal_btsp: (options) => new TemporalBtspAttention(options),
};

export const topics: readonly BenchTopic[] = [
  {
    name: bench,
    async *cases() {
      const seed = Number(process.env['RUVECTOR_BENCH_SEED'] ?? 1);
      const runs = await runShopQueries(seed);
      const trials = collectTrials(runs);
      process.stderr.write(
        `seed ${seed}: ${runs.length} runs of ${new Set(runs.map(({ template }) => template)).size} templates\n`,
      );
      for (const regime of ['first run', 'next run'] as const) yield* regimeCases(regime, trials[regime]);
    },
  },
];

function* regimeCases(regime: Regime, trials: readonly Trial[]): Generator<BenchCase> {
  const planner = trials.map(({ dag, actual }) => scoreForecast(findKnownShares(forgetRun(dag)), actual));
  const known = trials.map(({ dag, actual }) => scoreForecast(findKnownShares(dag), actual));
  const baseline = regime === 'first run' ? planner : known;
  const baselineName = regime === 'first run' ? "the planner's cost" : "the last run's shares";
  const rows = new Map<string, Scores>([
    ['uniform', trials.map(({ dag, actual }) => scoreForecast(shareEvenly(dag), actual))],
    ['planner cost', planner],
    ...(regime === 'next run' ? ([['last run', known]] as const) : []),
  ]);
  const contenders = scoreContenders(trials);
  const width = Math.max(...[...contenders.keys()].map((name) => name.length));
  process.stderr.write(`${regime}, ${trials.length} trials: top-1 %, NDCG@3, share MAE, KL\n`);
  for (const [name, scores] of [...rows, ...contenders]) {
    process.stderr.write(`  ${name.padEnd(width)} ${describeScores(scores, baseline, trials)}\n`);
  }
  for (const [name, scores] of contenders) {
    const [low] = findInterval(scores, baseline, trials);
    yield {
      bench,
      case: `top-1, ${regime}, ${name}`,
      unit: '%',
      better: 'higher',
      anchorName: baselineName,
      runs: 1,
      warmup: false,
      ours: async () => 100 * mean(scores, 'top1'),
      anchor: async () => 100 * mean(baseline, 'top1'),
      goal: (ours) => ours - 100 * mean(baseline, 'top1') >= GOAL_POINTS && low > 0,
    };
  }
}

/** What each mechanism foretells as it comes and fitted, and what a selector that learns on the way takes. */
function scoreContenders(trials: readonly Trial[]): Map<string, Scores> {
  const contenders = new Map<string, Scores>();
  for (const type of attentionTypes) {
    contenders.set(type, scoreInOrder(trials, mechanisms[type]()));
    contenders.set(`${type}, fitted`, scoreFitted(trials, mechanisms[type]));
  }
  const selector = new AttentionSelector({ enabled: attentionTypes });
  const selected = trials.map(({ dag, run }, at) => {
    selector.selectAndApply(SelectionPolicy.Learned, dag);
    return selector.observe(run, at * 1000);
  });
  contenders.set('selected', selected);
  return contenders;
}

/** One after another; the mechanism that remembers sees each run after it was asked. */
function scoreInOrder(trials: readonly Trial[], mechanism: DagAttention): Scores {
  return trials.map(({ dag, run, actual }, at) => {
    const score = scoreForecast(mechanism.forward(dag), actual);
    if (mechanism instanceof TemporalBtspAttention) mechanism.observe(run, at * 1000);
    return score;
  });
}

function scoreFitted(trials: readonly Trial[], create: (options: AttentionOptions) => DagAttention): Scores {
  const templates = [...new Set(trials.map(({ template }) => template))];
  const foldOf = ({ template }: Trial): number => templates.indexOf(template) % FOLDS;
  const fitted = Array.from({ length: FOLDS }, (_, fold) => {
    const others = trials.filter((trial) => foldOf(trial) !== fold);
    const weights = fitAttention((tried) => create({ weights: tried }), others, {
      steps: 100,
      rate: 0.05,
      pull: 0.3,
    });
    return create({ weights });
  });
  return trials.map((trial) => scoreForecast(fitted[foldOf(trial)]!.forward(trial.dag), trial.actual));
}

function collectTrials(runs: readonly PlanRun[]): Record<Regime, Trial[]> {
  const trials: Record<Regime, Trial[]> = { 'first run': [], 'next run': [] };
  const last = new Map<string, QueryDag>();
  for (const { template, run } of runs) {
    const actual = findTimeShares(run);
    trials['first run'].push({ template, run, actual, dag: forgetRun(run) });
    const earlier = last.get(template);
    const remembered = earlier ? rememberRun(run, earlier) : null;
    if (remembered) trials['next run'].push({ template, run, actual, dag: remembered });
    last.set(template, run);
  }
  return trials;
}

function shareEvenly(dag: QueryDag): Map<number, number> {
  return new Map(dag.nodes().map(({ id }) => [id, 1 / dag.nodeCount]));
}

function describeScores(scores: Scores, baseline: Scores, trials: readonly Trial[]): string {
  const [low, high] = findInterval(scores, baseline, trials).map((points) => (100 * points).toFixed(1));
  const values = [
    (100 * mean(scores, 'top1')).toFixed(1).padStart(5),
    mean(scores, 'ndcg3').toFixed(3),
    mean(scores, 'shareMae').toFixed(3),
    mean(scores, 'divergence').toFixed(3),
  ];
  return `${values.join('  ')}  top-1 over the baseline: ${low} to ${high} points`;
}

/** 95 % interval of the difference in top-1, templates drawn anew. */
function findInterval(scores: Scores, baseline: Scores, trials: readonly Trial[]): [number, number] {
  const byTemplate = new Map<string, number[]>();
  trials.forEach(({ template }, at) => {
    const own = byTemplate.get(template) ?? [];
    byTemplate.set(template, own);
    own.push(scores[at]!.top1 - baseline[at]!.top1);
  });
  const groups = [...byTemplate.values()];
  const random = createRandom(7);
  const means = Array.from({ length: RESAMPLES }, () => {
    let [sum, count] = [0, 0];
    for (let draw = 0; draw < groups.length; draw++) {
      const group = groups[Math.floor(random() * groups.length)]!;
      for (const difference of group) sum += difference;
      count += group.length;
    }
    return sum / count;
  });
  return [quantile(means, 0.025), quantile(means, 0.975)];
}

function mean(scores: Scores, figure: keyof ForecastScore): number {
  return scores.reduce((sum, score) => sum + score[figure], 0) / scores.length;
}
