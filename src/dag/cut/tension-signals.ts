// What subscribers of the min-cut engine hear: tension that rises, comes close to the threshold, crosses it, is still
// held as stress after a spike, and is over. One series of analyses, in the order in which they were made; no clock.

/** What happened; `stress_held` comes with each analysis below the threshold while a spike is still remembered. */
export type TensionSignalKind =
  'tension_rising' | 'threshold_approached' | 'threshold_crossed' | 'stress_held' | 'stress_released';

/** What a subscriber is told. */
export interface TensionSignal {
  readonly kind: TensionSignalKind;
  readonly tension: number;
  /** Tension of the analysis before; null for the first one. */
  readonly previous: number | null;
  readonly threshold: number;
}

/** Is told; what it throws reaches who analyzed, after the others were told. */
export type TensionListener = (signal: TensionSignal) => void;

/** How tension becomes signals. */
export interface TensionLimits {
  readonly tensionThreshold: number;
  readonly risingStep: number;
  readonly approach: number;
  readonly stickyAnalyses: number;
}

/** Follows the tension from analysis to analysis. */
export class TensionSignals {
  readonly #limits: TensionLimits;
  readonly #listeners = new Set<TensionListener>();
  #previous: number | null = null;
  /** Analyses for which a spike is still remembered. */
  #held = 0;

  constructor(limits: TensionLimits) {
    this.#limits = limits;
  }

  /** True from a spike on until the tension has stayed below the threshold for long enough. */
  get isStressed(): boolean {
    return this.#held > 0;
  }

  /** @returns what ends the subscription */
  subscribe(listener: TensionListener): () => void {
    const own: TensionListener = (signal) => listener(signal);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Takes the tension of one more analysis. */
  observe(tension: number, { emit }: { readonly emit: boolean }): void {
    const kinds = this.#advance(tension);
    const previous = this.#previous;
    this.#previous = tension;
    if (!emit) return;
    for (const kind of kinds) {
      this.#tell({ kind, tension, previous, threshold: this.#limits.tensionThreshold });
    }
  }

  #advance(tension: number): TensionSignalKind[] {
    const { tensionThreshold, risingStep, approach, stickyAnalyses } = this.#limits;
    const kinds: TensionSignalKind[] = [];
    const previous = this.#previous ?? 0;
    if (this.#previous !== null && tension > previous && !(tension - previous < risingStep)) {
      kinds.push('tension_rising');
    }
    const close = approach * tensionThreshold;
    if (tension > tensionThreshold) {
      if (previous <= tensionThreshold) kinds.push('threshold_crossed');
      this.#held = stickyAnalyses + 1;
      return kinds;
    }
    if (tension >= close && previous < close) kinds.push('threshold_approached');
    if (this.#held === 0) return kinds;
    this.#held--;
    kinds.push(this.#held > 0 ? 'stress_held' : 'stress_released');
    return kinds;
  }

  #tell(signal: TensionSignal): void {
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(signal);
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
