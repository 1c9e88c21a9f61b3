// Attention by how full operators are when as much passes a plan as can: those of a smallest cut are full and let
// attention through, idle ones hardly any.
import { findSaturation } from '../cut/index.ts';
import type { FlowKind } from '../cut/index.ts';
import { AttentionType } from './attention-type.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions } from './dag-attention.ts';
import { takeNumber } from './options.ts';

/** Options of {@link MinCutGatedAttention}. */
export interface MinCutGatedOptions extends AttentionOptions {
  /** θ: how full an operator is when its gate is half open. @default 0.7 */
  readonly threshold?: number;
  /** τ: how sharply gates open, 0.01–10. @default 0.1 */
  readonly temperature?: number;
  /** ε: what a closed gate lets through, 1e-6–1. @default 0.01 */
  readonly leak?: number;
  /** How records pass the plan. @default as in `DagMinCutEngine.analyzeBottlenecks` */
  readonly flow?: FlowKind;
}

/**
 * Min-cut gated: b = ln(ε + (1 − ε) · σ((ρ − θ) / τ)), over all operators; ρ is how full an operator is.
 * `forward` throws `ERR_DAG_CUT_GRAPH` for a graph in several parts.
 */
export class MinCutGatedAttention extends DagAttention {
  readonly type = AttentionType.MinCutGated;
  readonly #threshold: number;
  readonly #temperature: number;
  readonly #leak: number;
  readonly #flow: FlowKind | undefined;

  constructor(options: MinCutGatedOptions = {}) {
    super(options);
    this.#threshold = takeNumber('threshold', options.threshold ?? 0.7, 0, 1);
    this.#temperature = takeNumber('temperature', options.temperature ?? 0.1, 0.01, 10);
    this.#leak = takeNumber('leak', options.leak ?? 0.01, 1e-6, 1);
    this.#flow = options.flow;
  }

  protected weigh({ dag }: AttentionPlan): Float64Array {
    const weights = findSaturation(dag, this.#flow);
    for (let place = 0; place < weights.length; place++) {
      const gate = 1 / (1 + Math.exp((this.#threshold - weights[place]!) / this.#temperature));
      weights[place] = this.#leak + (1 - this.#leak) * gate;
    }
    return weights;
  }
}
