// k-means with D² seeding (Arthur and Vassilvitskii 2007, k-means++) and Lloyd's steps, on rows of one array.

/** Rows of `dims` numbers, one after another. */
export interface VectorRows {
  readonly values: Float32Array;
  readonly dims: number;
  readonly count: number;
}

/** Options of {@link findCentroids}. */
export interface KMeansOptions {
  readonly clusters: number;
  readonly random: () => number;
  /** Steps after seeding. @default 8 */
  readonly steps?: number;
}

/** @returns centroids, row-major; as many as there are clusters, or fewer when there are not so many different rows */
export function findCentroids(
  rows: VectorRows,
  { clusters, random, steps = 8 }: KMeansOptions,
): Float32Array {
  let centroids = seedCentroids(rows, clusters, random);
  for (let step = 0; step < steps; step++) centroids = moveCentroids(rows, centroids);
  return centroids;
}

/** Each next centroid is a row, taken with a probability that grows with its squared distance to the nearest so far. */
export function seedCentroids(rows: VectorRows, clusters: number, random: () => number): Float32Array {
  const { values, dims, count } = rows;
  const chosen: number[] = [Math.floor(random() * count)];
  const nearest = new Float64Array(count).fill(Infinity);
  while (chosen.length < clusters) {
    const last = chosen.at(-1)!;
    let total = 0;
    for (let row = 0; row < count; row++) {
      nearest[row] = Math.min(nearest[row]!, squaredDistance(values, row * dims, values, last * dims, dims));
      total += nearest[row]!;
    }
    // Every row is a centroid already.
    if (total === 0) break;
    chosen.push(pickBy(nearest, random() * total));
  }
  const centroids = new Float32Array(chosen.length * dims);
  chosen.forEach((row, at) => centroids.set(values.subarray(row * dims, (row + 1) * dims), at * dims));
  return centroids;
}

function pickBy(weights: Float64Array, target: number): number {
  let left = target;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return last;
}

/** One step of Lloyd's; a centroid without rows stays where it is. */
function moveCentroids({ values, dims, count }: VectorRows, centroids: Float32Array): Float32Array {
  const clusters = centroids.length / dims;
  const sums = new Float64Array(centroids.length);
  const sizes = new Float64Array(clusters);
  for (let row = 0; row < count; row++) {
    const cluster = findNearestCentroid(centroids, dims, values, row * dims);
    sizes[cluster]!++;
    for (let i = 0; i < dims; i++) sums[cluster * dims + i]! += values[row * dims + i]!;
  }
  return centroids.map((old, at) => {
    const size = sizes[Math.floor(at / dims)]!;
    return size === 0 ? old : sums[at]! / size;
  });
}

/** Number of the centroid next to a row. */
export function findNearestCentroid(
  centroids: Float32Array,
  dims: number,
  values: Float32Array,
  offset: number,
): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at * dims < centroids.length; at++) {
    const distance = squaredDistance(centroids, at * dims, values, offset, dims);
    if (distance >= least) continue;
    least = distance;
    best = at;
  }
  return best;
}

/**
 * Σ (a − b)² over `dims` numbers. Four sums at once: one would wait for itself. Both arrays are of one type everywhere: code
 * that is compiled for several takes three times as long.
 */
export function squaredDistance(
  a: Float32Array,
  aOffset: number,
  b: Float32Array,
  bOffset: number,
  dims: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < dims; i += 4) {
    const d0 = a[aOffset + i]! - b[bOffset + i]!;
    const d1 = a[aOffset + i + 1]! - b[bOffset + i + 1]!;
    const d2 = a[aOffset + i + 2]! - b[bOffset + i + 2]!;
    const d3 = a[aOffset + i + 3]! - b[bOffset + i + 3]!;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (; i < dims; i++) s0 += (a[aOffset + i]! - b[bOffset + i]!) ** 2;
  return s0 + s1 + s2 + s3;
}
