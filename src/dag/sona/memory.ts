// What an engine knows beside its settings: what a restart must not lose.
import type { Consolidation } from './ewc.ts';
import type { SonaPattern } from './network-pattern.ts';
import type { KnownPattern } from './pattern-store.ts';

/** A run that waits to be learned from. */
export interface Trajectory {
  readonly signature: string;
  readonly mechanism: number;
  readonly logRatio: number;
}

/** Everything an engine knows, beside its settings. */
export interface SonaMemory {
  readonly shared: Float64Array;
  readonly consolidation: Consolidation;
  readonly patterns: readonly KnownPattern[];
  readonly foreign: readonly SonaPattern[];
  readonly pending: readonly Trajectory[];
  readonly boost: number;
}
