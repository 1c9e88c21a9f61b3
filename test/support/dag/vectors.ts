// Vectors for indexes: in clusters, as embeddings of plans are, and without any order, as none are.
import { embedPlan } from '../../../src/dag/sona/index.ts';
import { createNormal, randomPlan } from './plans.ts';

/** What vectors are like. */
export type VectorKind = 'clustered' | 'unclustered' | 'plans';

/** A source of unit vectors of one kind. */
export function createVectors(kind: VectorKind, dims: number, random: () => number): () => Float32Array {
  const normal = createNormal(random);
  const scattered = (): Float32Array => toUnit(Float32Array.from({ length: dims }, normal));
  if (kind === 'unclustered') return scattered;
  if (kind === 'plans')
    return () => embedPlan(randomPlan(random, { joins: 1 + Math.floor(random() * 6) }), dims).embedding;
  const centers = Array.from({ length: 200 }, scattered);
  const spread = 0.64 / Math.sqrt(dims);
  return () => {
    const center = centers[Math.floor(random() * centers.length)]!;
    return toUnit(center.map((value) => value + spread * normal()));
  };
}

function toUnit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
