// Attention that remembers surprises: behavioural time scale synaptic plasticity (Milstein et al. 2021). An operator that
// was active leaves a trace; when a run surprises (its time is far from what it was, or another operator is the slowest), a
// signal that fades over seconds to minutes strengthens what was active and weakens what is strong already. One surprise
// is enough. Operators are known by what they do, not by id, so that the next plan of a query finds them again.
import type { OperatorNode, QueryDag } from '../graph/index.ts';
import { AttentionType } from './attention-type.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions } from './dag-attention.ts';
import { timelessRunError, unmeasuredOperatorError } from './errors.ts';
import { takeNumber } from './options.ts';

/** Options of {@link TemporalBtspAttention}. */
export interface TemporalBtspOptions extends AttentionOptions {
  /** η. @default 1 */
  readonly rate?: number;
  /** The strongest an operator gets; all begin at 1. @default 5 */
  readonly strongest?: number;
  /** Time in which a trace of activity fades to 1/e. @default 30_000 */
  readonly traceMs?: number;
  /** The same of the signal of a surprise. @default 60_000 */
  readonly signalMs?: number;
  /** Standard deviations of the logarithm of a plan's time that are a surprise. @default 3 */
  readonly surprise?: number;
}

/** What an operator, known by what it does, left behind. */
interface Synapse {
  weight: number;
  trace: number;
  seenMs: number;
}

/** What runs of a plan were like. */
interface PlanHistory {
  runs: number;
  mean: number;
  squares: number;
  slowest: string;
}

/** Runs before a time can be a surprise. */
const FEWEST_RUNS = 5;
/** An operator keeps at least this part of its weight: b = ln w stays a number. */
const WEAKEST = 1e-3;
/** Strengths, and half points and slopes of the sigmoids, of both directions. */
const potentiation = { k: 1, half: 0.5, slope: 4 };
const depression = { k: 0.4, half: 0.01, slope: 44 };
/** Most operators and plans that are remembered; those not seen for longest go. */
const MOST_REMEMBERED = 10_000;

/** Temporal BTSP: b = ln w of the operator's signature, over all operators. */
export class TemporalBtspAttention extends DagAttention {
  readonly type = AttentionType.TemporalBtsp;
  readonly #options: Required<Omit<TemporalBtspOptions, 'weights'>>;
  readonly #synapses = new Map<string, Synapse>();
  readonly #plans = new Map<string, PlanHistory>();
  #signal = 0;
  #nowMs = -Infinity;

  constructor(options: TemporalBtspOptions = {}) {
    super(options);
    this.#options = {
      rate: takeNumber('rate', options.rate ?? 1, 0, 100),
      strongest: takeNumber('strongest', options.strongest ?? 5, 1, 1e6),
      traceMs: takeNumber('traceMs', options.traceMs ?? 30_000, 1, 1e12),
      signalMs: takeNumber('signalMs', options.signalMs ?? 60_000, 1, 1e12),
      surprise: takeNumber('surprise', options.surprise ?? 3, 0, 1e6),
    };
  }

  /**
   * Learns from a run. @param nowMs when it ended, on any clock that does not go back
   * @throws RuvectorError `ERR_DAG_ATTENTION_RUN` for an operator that was not measured
   */
  observe(dag: QueryDag, nowMs: number): void {
    takeNumber('nowMs', nowMs, Math.max(this.#nowMs, -Number.MAX_VALUE), Number.MAX_VALUE);
    const nodes = dag.nodes();
    for (const { id, facts } of nodes) if (facts.exclusiveMs === undefined) throw unmeasuredOperatorError(id);
    const totalMs = nodes.reduce((sum, { facts }) => sum + facts.exclusiveMs!, 0);
    if (!(totalMs > 0)) throw timelessRunError();
    const signatures = nodes.map(signOperator);
    this.#signal *= Math.exp(-Math.max(0, nowMs - this.#nowMs) / this.#options.signalMs);
    this.#nowMs = nowMs;
    const active = new Map<string, number>();
    nodes.forEach(({ facts }, at) => {
      const signature = signatures[at]!;
      active.set(signature, (active.get(signature) ?? 0) + facts.exclusiveMs! / totalMs);
    });
    if (this.#isSurprise(active, Math.log(totalMs))) this.#signal = 1;
    for (const [signature, activity] of active) this.#trace(signature, activity, nowMs);
    for (const synapse of this.#synapses.values()) this.#adapt(synapse, nowMs);
    forgetOldest(this.#synapses);
    forgetOldest(this.#plans);
  }

  protected weigh({ dag, layout }: AttentionPlan): Float64Array {
    return layout.ids.map((id) => this.#synapses.get(signOperator(dag.node(id)))?.weight ?? 1);
  }

  /** Scores a run before it learns from it. */
  #isSurprise(active: ReadonlyMap<string, number>, logMs: number): boolean {
    const key = [...active.keys()].sort().join('\n');
    let slowest = '';
    for (const [signature, activity] of active) {
      if (slowest === '' || activity > active.get(slowest)!) slowest = signature;
    }
    const history = this.#plans.get(key) ?? { runs: 0, mean: 0, squares: 0, slowest };
    const deviation = Math.sqrt(history.squares / Math.max(1, history.runs - 1));
    const isFar =
      history.runs >= FEWEST_RUNS && Math.abs(logMs - history.mean) > this.#options.surprise * deviation;
    const hasMoved = history.slowest !== slowest;
    history.runs++;
    const change = logMs - history.mean;
    history.mean += change / history.runs;
    history.squares += change * (logMs - history.mean);
    history.slowest = slowest;
    this.#plans.delete(key);
    this.#plans.set(key, history);
    return isFar || hasMoved;
  }

  /** The strongest recent activity, fading: a sum would fill up with many runs and tell operators apart no more. */
  #trace(signature: string, activity: number, nowMs: number): void {
    const { weight = 1, trace = 0, seenMs = nowMs } = this.#synapses.get(signature) ?? {};
    const faded = trace * Math.exp(-(nowMs - seenMs) / this.#options.traceMs);
    this.#synapses.delete(signature);
    this.#synapses.set(signature, { weight, trace: Math.max(faded, activity), seenMs: nowMs });
  }

  /** Δw = η [k⁺ q⁺(e·I) (w_max − w) − k⁻ q⁻(e·I) w] */
  #adapt(synapse: Synapse, nowMs: number): void {
    const { rate, strongest, traceMs } = this.#options;
    const eligible = synapse.trace * Math.exp(-(nowMs - synapse.seenMs) / traceMs) * this.#signal;
    if (eligible < 1e-6) return;
    const up = potentiation.k * rise(eligible, potentiation) * (strongest - synapse.weight);
    const down = depression.k * rise(eligible, depression) * synapse.weight;
    synapse.weight = Math.min(strongest, Math.max(WEAKEST, synapse.weight + rate * (up - down)));
  }
}

/** Details that stay the same from run to run; others hold parameters and figures of the run. */
const lastingDetails = ['table', 'index', 'key', 'keys', 'functions', 'columns', 'metric', 'model'];

/** What an operator does, without its id: what it is known by in other plans. */
export function signOperator({ type, details }: OperatorNode): string {
  return JSON.stringify([type, ...lastingDetails.map((name) => details[name] ?? null)]);
}

/** A sigmoid from 0 at 0 to 1 at 1. */
function rise(value: number, { half, slope }: { readonly half: number; readonly slope: number }): number {
  const at = (x: number): number => 1 / (1 + Math.exp(-slope * (x - half)));
  return (at(value) - at(0)) / (at(1) - at(0));
}

/** Maps keep the order in which keys were last set. */
function forgetOldest(remembered: Map<string, unknown>): void {
  for (const key of remembered.keys()) {
    if (remembered.size <= MOST_REMEMBERED) return;
    remembered.delete(key);
  }
}
