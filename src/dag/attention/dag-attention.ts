// What all mechanisms share: α_vu = softmax over u in N(v) of (q_v · k_u / √d + b_vu). A mechanism gives N and e^b, a head
// the content; rows sum to 1 and nothing outside N gets any. The score of an operator is the mean of its column: the
// attention it gets when one operator, any of them alike, asks. So scores are not negative and sum to 1.
import type { QueryDag } from '../graph/index.ts';
import { AttentionHead } from './attention-head.ts';
import type { AttentionContent, AttentionWeights } from './attention-head.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import type { AttentionPlan } from './attention-plan.ts';
import type { AttentionType } from './attention-type.ts';

/** A row: the first `length` of `columns` are places, those of `weights` their e^b. Both are used again. */
export type RowVisitor = (place: number, length: number, columns: Int32Array, weights: Float64Array) => void;

/** Gives each row once, in any order. */
export type RowSource = (visit: RowVisitor) => void;

/** Options that all mechanisms have. */
export interface AttentionOptions {
  /** Query and key of the content. @default what is known of an operator's share */
  readonly weights?: AttentionWeights;
}

/** Attention of each operator, by id; rows sum to 1 and hold the neighbourhood only. */
export interface AttentionMatrix {
  readonly ids: Float64Array;
  /** The entries of the operator at place v are those from `start[v]` to `start[v + 1]`. */
  readonly start: Int32Array;
  /** Places that it attends to. */
  readonly column: Int32Array;
  readonly alpha: Float64Array;
}

/** A mechanism. */
export abstract class DagAttention {
  abstract readonly type: AttentionType;
  readonly #head: AttentionHead;

  /** @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` */
  constructor({ weights }: AttentionOptions = {}) {
    this.#head = new AttentionHead(weights);
  }

  /** Scores of the operators, by id: not negative, their sum is 1. */
  forward(dag: QueryDag): Map<number, number> {
    const plan = buildAttentionPlan(dag);
    const scores = new Float64Array(plan.count);
    const weight = 1 / plan.count;
    this.#eachRow(plan, (_, length, columns, alpha, times) => {
      for (let at = 0; at < length; at++) scores[columns[at]!]! += alpha[at]! * weight * times;
    });
    const byId = new Map<number, number>();
    for (let place = 0; place < plan.count; place++) byId.set(plan.layout.ids[place]!, scores[place]!);
    return byId;
  }

  /** The whole matrix. Mechanisms in which each operator attends to all take the square of their number. */
  attend(dag: QueryDag): AttentionMatrix {
    const plan = buildAttentionPlan(dag);
    const rows: { columns: Int32Array; alpha: Float64Array }[] = [];
    this.#eachRow(plan, (place, length, columns, alpha, times) => {
      const row = { columns: columns.slice(0, length), alpha: alpha.slice(0, length) };
      for (let repeat = 0; repeat < times; repeat++) rows[place + repeat] = row;
    });
    const start = new Int32Array(plan.count + 1);
    rows.forEach(({ columns }, place) => (start[place + 1] = start[place]! + columns.length));
    const column = new Int32Array(start[plan.count]!);
    const alpha = new Float64Array(start[plan.count]!);
    rows.forEach((row, place) => {
      column.set(row.columns, start[place]);
      alpha.set(row.alpha, start[place]);
    });
    return { ids: plan.layout.ids, start, column, alpha };
  }

  /** e^b of each operator where all attend to all with the same b, else what gives each row. */
  protected abstract weigh(plan: AttentionPlan): Float64Array | RowSource;

  #eachRow(
    plan: AttentionPlan,
    take: (place: number, length: number, columns: Int32Array, alpha: Float64Array, times: number) => void,
  ): void {
    if (plan.count === 0) return;
    const content = this.#head.content(plan);
    const alpha = new Float64Array(plan.count);
    const weighed = this.weigh(plan);
    if (typeof weighed === 'function') {
      weighed((place, length, columns, weights) => {
        normalizeRow(content, place, length, columns, weights, alpha);
        take(place, length, columns, alpha, 1);
      });
      return;
    }
    const all = new Int32Array(plan.count);
    for (let place = 0; place < plan.count; place++) all[place] = place;
    const distinct = content.shared ? 1 : plan.count;
    for (let place = 0; place < distinct; place++) {
      normalizeRow(content, place, plan.count, all, weighed, alpha);
      take(place, plan.count, all, alpha, plan.count / distinct);
    }
  }
}

/** Sums below this have lost digits. */
const TINY = 1e-280;

function normalizeRow(
  content: AttentionContent,
  place: number,
  length: number,
  columns: Int32Array,
  weights: Float64Array,
  alpha: Float64Array,
): void {
  const { shared } = content;
  let sum = 0;
  if (shared) {
    for (let at = 0; at < length; at++) sum += alpha[at] = weights[at]! * shared[columns[at]!]!;
  }
  if (!(sum > TINY)) {
    const logit = (at: number): number => Math.log(weights[at]!) + content.logit(place, columns[at]!);
    sum = exponentiateRow(length, logit, alpha);
  }
  for (let at = 0; at < length; at++) alpha[at]! /= sum;
}

/** The row by its largest logit, for rows whose content differs by pair or is far below that of others. */
function exponentiateRow(length: number, logit: (at: number) => number, alpha: Float64Array): number {
  let largest = -Infinity;
  for (let at = 0; at < length; at++) {
    alpha[at] = logit(at);
    if (alpha[at]! > largest) largest = alpha[at]!;
  }
  let sum = 0;
  for (let at = 0; at < length; at++) sum += alpha[at] = Math.exp(alpha[at]! - largest);
  return sum;
}
