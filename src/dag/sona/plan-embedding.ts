// What a plan looks like to SONA: a signature, the same for the same plan with other parameters, and an embedding, close
// for plans that are alike. Both come from types, names and edges alone, never from ids, order or measured facts:
// hashed neighbourhoods (Weisfeiler–Lehman, Shervashidze et al. 2011), one bucket and sign each (Weinberger et al. 2009).
import { isOperatorType } from '../graph/index.ts';
import type { DagLayout, OperatorNode, OperatorType, QueryDag } from '../graph/index.ts';
import { emptyPlanError } from './errors.ts';

/** What the operators of one type add to an embedding: values at ascending places; the rest is 0. */
export interface EmbeddingPart {
  readonly type: OperatorType;
  readonly at: Int32Array;
  readonly value: Float64Array;
}

/** A plan as SONA sees it. */
export interface PlanEmbedding {
  /** 16 hexadecimal digits. */
  readonly signature: string;
  /** Of length 1; the sum of the parts. */
  readonly embedding: Float32Array;
  /** In the order of the types' names. */
  readonly parts: readonly EmbeddingPart[];
}

/**
 * Embeds a plan. Numbers and quoted text in predicates, and details that are numbers, count as parameters and are left out.
 * @throws RuvectorError `ERR_DAG_SONA_PLAN` for a DAG without operators
 */
export function embedPlan(dag: QueryDag, embeddingDim: number): PlanEmbedding {
  if (dag.nodeCount === 0) throw emptyPlanError();
  const layout = dag.layout();
  const nodes = Array.from(layout.ids, (id) => dag.node(id));
  const texts = nodes.map(describeOperator);
  const signature = [1, 2].map((seed) => signLayout(layout, texts, seed)).join('');
  return { signature, ...sumFeatures(layout, nodes, texts, embeddingDim) };
}

/** An operator's type and what it works on, without parameters. */
function describeOperator({ type, details }: OperatorNode): string {
  const kept = Object.keys(details)
    .sort()
    .flatMap((name) => {
      const value = details[name]!;
      if (typeof value === 'number') return [];
      return [
        `${name}=${Array.isArray(value) ? value.map(withoutParameters).join(',') : withoutParameters(String(value))}`,
      ];
    });
  return [type, ...kept].join('\n');
}

/** `score > 0.5 and name = 'x'` → `score > ? and name = ?`; digits within names stay. */
function withoutParameters(text: string): string {
  return text
    .replaceAll(/'(?:[^']|'')*'/g, '?')
    .replaceAll(/\$\d+/g, '?')
    .replaceAll(/(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?!\w)/gi, '?');
}

/** Eight hexadecimal digits over every operator with all that comes before and after it. */
function signLayout(layout: DagLayout, texts: readonly string[], seed: number): string {
  const own = texts.map((text) => hashText(text, seed));
  const count = own.length;
  const [above, below] = [own.slice(), own.slice()];
  for (let place = 0; place < count; place++) {
    above[place] = hashAround(own[place]!, layout.parentStart, layout.parent, place, above);
  }
  for (let place = count - 1; place >= 0; place--) {
    below[place] = hashAround(own[place]!, layout.childStart, layout.child, place, below);
  }
  const both = above.map((hash, place) => mix(hash, below[place]!));
  return hashSet(mix(count, layout.child.length), both).toString(16).padStart(8, '0');
}

function hashAround(
  own: number,
  start: Int32Array,
  neighbour: Int32Array,
  place: number,
  hashes: readonly number[],
): number {
  const around = Array.from(neighbour.subarray(start[place], start[place + 1]), (at) => hashes[at]!);
  return hashSet(own, around);
}

/** Sums hashed features of every operator by type, scaled so that the sum of all has length 1. */
function sumFeatures(
  layout: DagLayout,
  nodes: readonly OperatorNode[],
  texts: readonly string[],
  embeddingDim: number,
): Omit<PlanEmbedding, 'signature'> {
  const sums = new Map<OperatorType, Float64Array>();
  const features = findFeatures(layout, nodes, texts);
  nodes.forEach(({ type }, place) => {
    const sum = sums.get(type) ?? new Float64Array(embeddingDim);
    sums.set(type, sum);
    // The highest bit is the sign, the others choose the bucket.
    for (const hashes of features) {
      const hash = hashes[place]!;
      sum[(hash & 0x7fffffff) % embeddingDim]! += hash >>> 31 === 0 ? 1 : -1;
    }
  });
  const total = new Float64Array(embeddingDim);
  for (const sum of sums.values()) sum.forEach((value, at) => (total[at]! += value));
  const length = Math.hypot(...total);
  // Features that cancel each other leave nothing: possible with very few dimensions only.
  if (length === 0) [...sums.values()][0]![0]! += 1;
  const scale = 1 / (length || 1);
  const parts = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, sum]) => toPart(type, sum, scale));
  return { embedding: sumParts(parts, embeddingDim), parts };
}

/** Kinds of features, each with one hash an operator: itself, what is around it, and what is around that. */
function findFeatures(
  layout: DagLayout,
  nodes: readonly OperatorNode[],
  texts: readonly string[],
): number[][] {
  const types = nodes.map(({ type }) => hashText(type, 3));
  const own = texts.map((text) => hashText(text, 4));
  const typeStep = widen(layout, types);
  const ownStep = widen(layout, own);
  return [types, own, typeStep, ownStep, widen(layout, typeStep), widen(layout, ownStep)];
}

function widen(layout: DagLayout, hashes: readonly number[]): number[] {
  return hashes.map((own, place) => {
    const above = hashAround(own, layout.parentStart, layout.parent, place, hashes);
    return mix(above, hashAround(own, layout.childStart, layout.child, place, hashes));
  });
}

function toPart(type: OperatorType, sum: Float64Array, scale: number): EmbeddingPart {
  const at = Int32Array.from([...sum.keys()].filter((place) => sum[place] !== 0));
  return { type, at, value: Float64Array.from(at, (place) => sum[place]! * scale) };
}

/** The embedding that parts make together. */
export function sumParts(parts: readonly EmbeddingPart[], embeddingDim: number): Float32Array {
  const total = new Float64Array(embeddingDim);
  for (const { at, value } of parts) at.forEach((place, i) => (total[place]! += value[i]!));
  return Float32Array.from(total);
}

/** True for parts that {@link embedPlan} may have made. */
export function areEmbeddingParts(parts: readonly EmbeddingPart[], embeddingDim: number): boolean {
  return parts.every(({ type, at, value }, i) => {
    if (!isOperatorType(type) || at.length !== value.length) return false;
    if (i > 0 && parts[i - 1]!.type >= type) return false;
    const isAscending = at.every((place, k) => place < embeddingDim && place > (at[k - 1] ?? -1));
    return isAscending && value.every((each) => Number.isFinite(each) && Math.abs(each) <= 1e3);
  });
}

/** FNV-1a over UTF-16 units, finished as in MurmurHash3. */
function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(hash);
}

function mix(a: number, b: number): number {
  return finish(Math.imul(a ^ 0x2545f491, 0x9e3779b1) ^ Math.imul(b + 0x7f4a7c15, 0x85ebca6b));
}

/** The same in whatever order the members come. */
function hashSet(own: number, members: number[]): number {
  return members.sort((a, b) => a - b).reduce(mix, mix(own, members.length));
}

function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
