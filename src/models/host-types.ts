// The public types of the model host: options, events and reports. Types only.
import type { Predictor, RuvectorError } from '../core/index.ts';
import type { ModelComparison } from './comparison.ts';
import type { ComparisonTask, GateResult } from './evaluate.ts';
import type { LoadReport } from './load-model.ts';
import type { ModelPackage, ModelRegistry } from './registry.ts';
import type { RecyclePolicy } from './thread-pair.ts';
import type { FeatureContract } from './verify.ts';

/** What happened to the live model; handed to `onEvent` in order. */
export type ModelEvent =
  | { readonly type: 'activated'; readonly version: string; readonly report: SwapReport }
  | { readonly type: 'rejected'; readonly version: string | null; readonly error: RuvectorError }
  | {
      readonly type: 'rolled-back';
      readonly from: string | null;
      readonly to: string;
      readonly automatic: boolean;
      /** Why, when automatic. */
      readonly error: RuvectorError | null;
    }
  | { readonly type: 'worker-lost'; readonly version: string | null; readonly error: RuvectorError }
  | { readonly type: 'recovered'; readonly version: string; readonly recoveryMs: number }
  /** Aliases on disk could not follow what is live; the host goes on. */
  | { readonly type: 'store-failed'; readonly error: RuvectorError };

/** How a swap went. Times in ms, the pointer assignment in µs. */
export interface SwapReport extends LoadReport {
  readonly version: string;
  readonly previous: string | null;
  /** Load in a process of its own; 0 for bytes this host loaded before. */
  readonly probeMs: number;
  readonly swapUs: number;
  readonly totalMs: number;
}

/** How a rollback went. */
export interface RollbackReport {
  readonly version: string;
  readonly from: string | null;
  /** True when the version was still loaded, so that the rollback was a pointer assignment. */
  readonly wasLoaded: boolean;
  /** From the call to the first request the earlier version can take. */
  readonly swapUs: number;
  /** With the aliases on disk. */
  readonly totalMs: number;
}

/** Options of {@link createModelHost}. */
export interface ModelHostOptions extends FeatureContract {
  readonly registry: ModelRegistry;
  readonly name: string;
  readonly onEvent?: (event: ModelEvent) => void;
  /** Answers during which the first error rolls back. @default 1000 */
  readonly probationAnswers?: number;
  /** Share of errors in 100 requests that rolls back after probation. @default 0.1 */
  readonly maxErrorRate?: number;
  /** Single-row runs before a version goes live. @default 20 */
  readonly warmupRuns?: number;
  /** Where bytes never seen before are loaded first. @default 'process' */
  readonly isolation?: 'process' | 'none';
  /** Largest model that stays loaded as `previous`. @default 67108864 (64 MiB) */
  readonly keepPreviousBytes?: number;
  /** Requests in flight before `ERR_MODEL_BUSY`; a power of two. @default 4096 */
  readonly capacity?: number;
  /** @default 5000 */
  readonly requestTimeoutMs?: number;
  /** @default 30000 */
  readonly loadTimeoutMs?: number;
  readonly recycle?: RecyclePolicy;
}

/** A predictor whose model can be replaced while it answers. */
export interface ModelHost extends Predictor, AsyncDisposable {
  /**
   * Makes a version of the registry live.
   * @throws ModelRejectedError when the version is refused: what was live stays live
   */
  activate(version: string): Promise<SwapReport>;
  /** Goes back to the version that was live before. `ERR_MODEL_NO_PREVIOUS`. */
  rollback(): Promise<RollbackReport>;
  /**
   * Verifies any reference as far as its golden rows, in a process of its own; nothing changes.
   * @throws ModelRejectedError with the first check that fails
   */
  verify(reference: string): Promise<LoadReport>;
  /**
   * Holds a stored version with held-out rows against what is live under its name (else `rule`, else nothing)
   * and the best baseline, in a process of its own. Makes nothing live.
   * @throws ModelRejectedError when the version is refused
   */
  judge(reference: string, rule: ModelPackage | null): Promise<GateResult>;
  /**
   * Compares two versions on rows that neither was trained on: those of `history`, else held-out ones.
   * @throws ModelRejectedError when one of them is refused
   */
  compare(a: string, b: string, history: ComparisonTask['history']): Promise<ModelComparison>;
  /** Prepares for a version that will come soon, so that activating it is a quarter of a second faster. */
  prewarm(): void;
  /** Takes no more requests, answers those in flight and ends the workers. */
  close(): Promise<void>;
}
