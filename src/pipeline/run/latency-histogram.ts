// How long single calls took, in a fixed number of buckets: four to each doubling, so a quantile is right to 19 %.

const BUCKETS_PER_OCTAVE = 4;
/** From a microsecond to 12 days. */
const OCTAVES = 40;
const MICROSECONDS = 1000;

/** Counts durations. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(OCTAVES * BUCKETS_PER_OCTAVE);
  #count = 0;

  record(ms: number): void {
    const octaves = Math.log2(Math.max(1, ms * MICROSECONDS));
    const bucket = Math.min(this.#counts.length - 1, Math.floor(octaves * BUCKETS_PER_OCTAVE));
    this.#counts[bucket]!++;
    this.#count++;
  }

  /** The middle of the bucket in which a share `q` of the durations is reached, in ms; 0 without any. */
  quantileMs(q: number): number {
    if (this.#count === 0) return 0;
    let below = 0;
    const bucket = this.#counts.findIndex((count) => (below += count) >= q * this.#count);
    return 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE) / MICROSECONDS;
  }
}
