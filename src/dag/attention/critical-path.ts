// Attention by slack: the critical path method's earliest start and latest start say by how much an operator may take
// longer before the plan does. What has none decides the time of the plan.
import { createSeededRandom } from '../../core/portable/index.ts';
import type { QueryDag } from '../graph/index.ts';
import type { DagLayout } from '../graph/index.ts';
import { AttentionType } from './attention-type.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import type { AttentionPlan } from './attention-plan.ts';
import { DagAttention } from './dag-attention.ts';
import type { AttentionOptions } from './dag-attention.ts';
import { takeNumber, takeWhole } from './options.ts';

/** Options of {@link CriticalPathAttention}. */
export interface CriticalPathOptions extends AttentionOptions {
  /** τ: slack, as a part of the plan's time, at which attention has fallen to 1/e; 0.01–100. @default 0.1 */
  readonly temperature?: number;
  /** Chance of each operator to be on the longest path, by id, in place of slack; see {@link findCriticality}. */
  readonly criticality?: ReadonlyMap<number, number>;
}

/** Chance that an operator without any criticality still gets. */
const LEAST_CRITICALITY = 0.01;

/** The critical path: b = −slack / (τ · T), over all operators. */
export class CriticalPathAttention extends DagAttention {
  readonly type = AttentionType.CriticalPath;
  readonly #temperature: number;
  readonly #criticality: ReadonlyMap<number, number> | null;

  constructor(options: CriticalPathOptions = {}) {
    super(options);
    this.#temperature = takeNumber('temperature', options.temperature ?? 0.1, 0.01, 100);
    for (const [id, chance] of options.criticality ?? []) takeNumber(`criticality of ${id}`, chance, 0, 1);
    this.#criticality = options.criticality ?? null;
  }

  protected weigh({ layout, share }: AttentionPlan): Float64Array {
    const criticality = this.#criticality;
    if (criticality) {
      return layout.ids.map((id) => LEAST_CRITICALITY + (1 - LEAST_CRITICALITY) * (criticality.get(id) ?? 0));
    }
    const { slack, length } = findSlack(layout, share);
    const weights = new Float64Array(slack.length).fill(1);
    if (length === 0) return weights;
    for (let place = 0; place < slack.length; place++) {
      weights[place] = Math.exp(-slack[place]! / (this.#temperature * length));
    }
    return weights;
  }
}

/** How much longer each operator may take before the plan does, by place, and the length of the longest path. */
export function findSlack(
  { childStart, child, parentStart, parent }: DagLayout,
  time: Float64Array,
): { readonly slack: Float64Array; readonly length: number } {
  const count = time.length;
  const start = new Float64Array(count);
  let length = 0;
  for (let place = 0; place < count; place++) {
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      start[place] = Math.max(start[place]!, start[parent[edge]!]! + time[parent[edge]!]!);
    }
    length = Math.max(length, start[place]! + time[place]!);
  }
  const latest = new Float64Array(count);
  const slack = new Float64Array(count);
  for (let place = count - 1; place >= 0; place--) {
    let end = length;
    for (let edge = childStart[place]!; edge < childStart[place + 1]!; edge++) {
      end = Math.min(end, latest[child[edge]!]!);
    }
    latest[place] = end - time[place]!;
    slack[place] = Math.max(0, latest[place]! - start[place]!);
  }
  return { slack, length };
}

/** Options of {@link findCriticality}. */
export interface CriticalityOptions {
  /** Standard deviation of an operator's time over its mean. @default 0.3 */
  readonly spread?: number;
  /** @default 200 */
  readonly runs?: number;
  /** The same seed draws the same times, so that two plans are compared by the same chances. @default 1 */
  readonly seed?: number;
}

/** Slack below this part of the path is rounding. */
const ROUNDING = 1e-12;

/** Chance of each operator to be on the longest path when times scatter (lognormal, independent), by id. */
export function findCriticality(dag: QueryDag, options: CriticalityOptions = {}): Map<number, number> {
  const spread = takeNumber('spread', options.spread ?? 0.3, 0, 10);
  const runs = takeWhole('runs', options.runs ?? 200, 1);
  const { layout, count, share } = buildAttentionPlan(dag);
  const random = createSeededRandom(takeWhole('seed', options.seed ?? 1, 0));
  const deviation = Math.sqrt(Math.log1p(spread ** 2));
  const hits = new Float64Array(count);
  const time = new Float64Array(count);
  for (let run = 0; run < runs; run++) {
    for (let place = 0; place < count; place++) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      time[place] = share[place]! * Math.exp(deviation * normal - deviation ** 2 / 2);
    }
    const { slack, length } = findSlack(layout, time);
    for (let place = 0; place < count; place++) if (slack[place]! <= ROUNDING * length) hits[place]!++;
  }
  return new Map(Array.from(layout.ids, (id, place) => [id, hits[place]! / runs]));
}
