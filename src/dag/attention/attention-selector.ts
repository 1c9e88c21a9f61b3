// Chooses a mechanism for a plan: by name, or by how well each has foretold where runs of such plans spent their time. The
// choice is a contextual bandit whose reward is −KL(actual shares ‖ scores) and whose first belief is the table of triggers.
import type { QueryDag } from '../graph/index.ts';
import { attentionTypes, SelectionPolicy } from './attention-type.ts';
import type { AttentionType } from './attention-type.ts';
import { CausalConeAttention } from './causal-cone.ts';
import { CriticalPathAttention } from './critical-path.ts';
import type { DagAttention } from './dag-attention.ts';
import { attentionOptionError, unforetoldRunError } from './errors.ts';
import { findKnownShares, findTimeShares, scoreForecast } from './forecast.ts';
import type { ForecastScore } from './forecast.ts';
import { HierarchicalLorentzAttention } from './hierarchical-lorentz.ts';
import { LinearBandit } from './linear-bandit.ts';
import { MinCutGatedAttention } from './min-cut-gated.ts';
import { takeNumber } from './options.ts';
import { ParallelBranchAttention } from './parallel-branch.ts';
import { describeCircumstances, triggers } from './plan-circumstances.ts';
import type { Circumstances } from './plan-circumstances.ts';
import { TemporalBtspAttention } from './temporal-btsp.ts';
import { TopologicalAttention } from './topological.ts';

/** Mechanisms that beat their baseline on plans they had not seen, by `bench dag.usefulness`. */
export const enabledByDefault: readonly AttentionType[] = [];

/** What scores come from: a mechanism, or what is known of shares without one. */
export type ScoreSource = AttentionType | 'known_shares';

/** Options of {@link AttentionSelector}. */
export interface SelectorOptions {
  /** Mechanisms with other options than their default ones. */
  readonly mechanisms?: readonly DagAttention[];
  /** What the learned policy may choose, besides known shares. @default {@link enabledByDefault} */
  readonly enabled?: readonly AttentionType[];
  /** Standard errors by which a mechanism that is little known is preferred. @default 0.3 */
  readonly exploration?: number;
}

/** What was selected last. */
export interface AttentionSelection {
  readonly source: ScoreSource;
  readonly scores: ReadonlyMap<number, number>;
}

/** What a run told. */
export interface AttentionOutcome extends ForecastScore {
  readonly source: ScoreSource;
  /** −KL, at least −3. */
  readonly reward: number;
}

/** What is expected of a mechanism whose trigger is off, and how much more when it is on. */
const PRIOR = { off: -0.7, on: 0.4, known: -0.5 };
const WORST_REWARD = -3;

/** Chooses and applies mechanisms. */
export class AttentionSelector {
  readonly #mechanisms: ReadonlyMap<AttentionType, DagAttention>;
  readonly #bandit: LinearBandit<ScoreSource>;
  #forced: AttentionType | null = null;
  #last: (AttentionSelection & { readonly features: Float64Array }) | null = null;

  /** @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` */
  constructor(options: SelectorOptions = {}) {
    const mechanisms = [...createMechanisms(), ...(options.mechanisms ?? [])];
    this.#mechanisms = new Map(mechanisms.map((mechanism) => [mechanism.type, mechanism]));
    const enabled = options.enabled ?? enabledByDefault;
    enabled.forEach((type) => refuseUnknown('enabled', type, attentionTypes));
    const priors = new Map<ScoreSource, Float64Array>([['known_shares', expectAtFirst('known_shares')]]);
    for (const type of enabled) priors.set(type, expectAtFirst(type));
    const exploration = takeNumber('exploration', options.exploration ?? 0.3, 0, 100);
    this.#bandit = new LinearBandit(priors, triggers.length + 1, exploration);
  }

  /** What `selectAndApply` gave last. */
  get lastSelection(): AttentionSelection | null {
    return this.#last;
  }

  /** Takes a mechanism whatever the policy says, until it is called with null. @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` */
  forceMechanism(type: AttentionType | null): void {
    if (type !== null) refuseUnknown('mechanism', type, attentionTypes);
    this.#forced = type;
  }

  /**
   * Scores of a plan's operators, by id; not negative, their sum is 1. A mechanism that is asked for by name runs whether
   * it is enabled or not.
   * @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` for a policy that is none
   */
  selectAndApply(
    policy: SelectionPolicy,
    dag: QueryDag,
    circumstances: Circumstances = {},
  ): Map<number, number> {
    refuseUnknown('policy', policy, Object.values(SelectionPolicy));
    const features = describeCircumstances(dag, circumstances);
    const named = this.#forced ?? (policy === SelectionPolicy.Learned ? null : policy);
    const source = named ?? this.#bandit.choose(features);
    const scores =
      source === 'known_shares' ? findKnownShares(dag) : this.#mechanisms.get(source)!.forward(dag);
    this.#last = { source, scores, features };
    return scores;
  }

  /**
   * Learns from the run of the plan that was scored last.
   * @param nowMs when it ended, for the mechanism that remembers; without it, that one learns nothing
   * @throws RuvectorError `ERR_DAG_ATTENTION_RUN`
   */
  observe(run: QueryDag, nowMs?: number): AttentionOutcome {
    const last = this.#last;
    if (!last) throw unforetoldRunError(null);
    const actual = findTimeShares(run);
    for (const id of actual.keys()) if (!last.scores.has(id)) throw unforetoldRunError(id);
    const score = scoreForecast(last.scores, actual);
    const reward = Math.max(WORST_REWARD, -score.divergence);
    this.#bandit.learn(last.source, last.features, reward);
    for (const mechanism of this.#mechanisms.values()) {
      if (nowMs !== undefined && mechanism instanceof TemporalBtspAttention) mechanism.observe(run, nowMs);
    }
    return { ...score, source: last.source, reward };
  }
}

/** All seven, with their default options. */
function createMechanisms(): DagAttention[] {
  return [
    new TopologicalAttention(),
    new CausalConeAttention(),
    new CriticalPathAttention(),
    new MinCutGatedAttention(),
    new HierarchicalLorentzAttention(),
    new ParallelBranchAttention(),
    new TemporalBtspAttention(),
  ];
}

function expectAtFirst(source: ScoreSource): Float64Array {
  const prior = new Float64Array(triggers.length + 1);
  prior[0] = source === 'known_shares' ? PRIOR.known : PRIOR.off;
  const trigger = triggers.findIndex(({ mechanism }) => mechanism === source);
  if (trigger >= 0) prior[trigger + 1] = PRIOR.on;
  return prior;
}

function refuseUnknown(option: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw attentionOptionError(option, value, `take one of ${known.join(', ')}`);
}
