// The newest sample of a running host. Types only.
import type { CollectorHealth } from '../../collect/index.ts';
import type { MemorySnapshot, RowHistory } from '../../core/index.ts';

/** What was seen last. */
export interface Latest {
  readonly snapshot: MemorySnapshot;
  /** When it was taken, on the monotonic clock. */
  readonly monotonicMs: number;
  /** Null while the feature windows fill. */
  readonly features: Float32Array | null;
  /** The rows before them, for a model that looks at a window. */
  readonly history?: RowHistory;
  readonly health: readonly CollectorHealth[];
}
