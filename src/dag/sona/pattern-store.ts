// The patterns an engine knows, by signature; the one not seen for longest makes room.
import type { LoraCores } from './lora.ts';
import type { SonaPattern } from './network-pattern.ts';
import type { PlanEmbedding } from './plan-embedding.ts';
import { TrajectoryCounter } from './trajectory-stats.ts';

/** A pattern of plans that was seen here. */
export interface KnownPattern extends PlanEmbedding {
  cores: LoraCores;
  readonly counter: TrajectoryCounter;
  /** What the learning rate is multiplied by the next time this pattern is learned. */
  boost: number;
}

/** A map that forgets what was not used for longest. */
export class PatternStore {
  readonly #capacity: number;
  readonly #own = new Map<string, KnownPattern>();
  /** What other engines said of patterns that were not seen here yet. */
  readonly #foreign = new Map<string, SonaPattern>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#own.size;
  }

  has(signature: string): boolean {
    return this.#own.has(signature);
  }

  find(signature: string): KnownPattern | undefined {
    return this.#own.get(signature);
  }

  /** Finds a pattern or makes it, and counts that as use. */
  use(plan: PlanEmbedding): KnownPattern {
    const found = this.#own.get(plan.signature);
    const pattern = found ?? { ...plan, cores: new Map(), counter: new TrajectoryCounter(), boost: 1 };
    if (found) this.#own.delete(plan.signature);
    this.restore(pattern);
    return pattern;
  }

  /** Puts a pattern in as the one used last. */
  restore(pattern: KnownPattern): void {
    this.#own.set(pattern.signature, pattern);
    makeRoom(this.#own, this.#capacity);
  }

  /** The one not used for longest comes first. */
  list(): KnownPattern[] {
    return [...this.#own.values()];
  }

  addForeign(pattern: SonaPattern): void {
    this.#foreign.delete(pattern.signature);
    this.#foreign.set(pattern.signature, pattern);
    makeRoom(this.#foreign, this.#capacity);
  }

  /** What others said of a pattern; it is told once. */
  takeForeign(signature: string): SonaPattern | undefined {
    const pattern = this.#foreign.get(signature);
    this.#foreign.delete(signature);
    return pattern;
  }

  listForeign(): SonaPattern[] {
    return [...this.#foreign.values()];
  }
}

function makeRoom(patterns: Map<string, unknown>, capacity: number): void {
  for (const oldest of patterns.keys()) {
    if (patterns.size <= capacity) return;
    patterns.delete(oldest);
  }
}
