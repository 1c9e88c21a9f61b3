// The public types of the model host: options, events and reports. Types only.
import type { Prediction, RowHistory, RuvectorError } from '../core/index.ts';
import type { ModelComparison } from './comparison.ts';
import type { ComparisonTask, GateResult } from './evaluate.ts';
import type { LoadReport } from './load-model.ts';
import type { Probe } from './probe.ts';
import type { ModelPackage, ModelRegistry, RepairReport } from './registry-types.ts';
import type { RecyclePolicy } from './thread-pair.ts';
import type { FeatureContract } from './verify.ts';
import type { HostWindows } from './window-rows.ts';

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
  /** A rollback that was asked for did not happen: `version` goes on answering, and is live on disk. */
  | { readonly type: 'rollback-failed'; readonly version: string | null; readonly error: RuvectorError }
  /** aliases.json could not follow a rollback of the host's own: `version` answers, and it is tried again. */
  | { readonly type: 'store-failed'; readonly version: string | null; readonly error: RuvectorError }
  /** It does now. */
  | { readonly type: 'store-followed'; readonly version: string };

/** aliases.json still names a version that was left because it failed. */
export interface AliasesBehind {
  readonly answering: string;
  readonly onDisk: string;
  /** Why it could not be written. */
  readonly reason: string;
}

/** What was live at a moment; a change may be made to hold only while that is so. */
export interface LiveMark {
  /** The version that answered. */
  readonly answering: string | null;
  /** The version aliases.json named. */
  readonly onDisk: string | null;
}

/** A verdict, with what it holds for. */
export interface Judgement extends GateResult {
  readonly mark: LiveMark;
}

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
  /** The pointer assignment. */
  readonly swapUs: number;
  /** From the call to the first request the earlier version can take: loading when needed, and the aliases on disk. */
  readonly totalMs: number;
}

/** Options of {@link createModelHost}. */
export interface ModelHostOptions extends FeatureContract {
  readonly registry: ModelRegistry;
  readonly name: string;
  /** @default it computes none: models that look at a window are refused */
  readonly windows?: HostWindows;
  readonly onEvent?: (event: ModelEvent) => void;
  /** Answers during which the first error rolls back. @default 1000 */
  readonly probationAnswers?: number;
  /** Share of errors in 100 requests that rolls back after probation. @default 0.1 */
  readonly maxErrorRate?: number;
  /** Single-row runs before a version goes live. @default 20 */
  readonly warmupRuns?: number;
  /** Where bytes never seen before are loaded first. @default 'process' */
  readonly isolation?: 'process' | 'none';
  /** Of several hosts of one process: what one of them prepares serves whichever has a version next. @default one of its own */
  readonly probe?: Probe;
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

/**
 * A predictor whose model can be replaced while it answers. A model that looks at a window takes its rows from the history
 * it is asked with, or a row of its own width.
 */
export interface ModelHost<Answer = Prediction> extends AsyncDisposable {
  /** Version stamp of what answers now; null before the first model. */
  readonly liveVersion: string | null;
  /**
   * Answers one row of features.
   * @param history the rows before it, for a model that looks at a window
   * @throws RuvectorError `ERR_MODEL_*`
   */
  predict(features: Float32Array, history?: RowHistory): Promise<Answer>;
  /**
   * Makes a version of the registry live: loaded first, then named live on disk, then swapped in.
   * @param while_ only while this is still what is live; `ERR_MODEL_CHANGED` otherwise
   * @throws ModelRejectedError when the version is refused, ModelRegistryError when the disk refuses: what was live
   *   stays live, here and on disk
   */
  activate(version: string, while_?: LiveMark): Promise<SwapReport>;
  /**
   * Goes back to the version that was live before, on disk first. `ERR_MODEL_NO_PREVIOUS`.
   * @throws RuvectorError when the disk refuses: what was live stays live, here and on disk
   */
  rollback(): Promise<RollbackReport>;
  /** Set while aliases.json could not follow a rollback of the host's own. */
  readonly aliasesBehind: AliasesBehind | null;
  /** Repairs the registry, with what answers now as the live version where pointers are lost. */
  repair(options?: { readonly dryRun?: boolean }): Promise<RepairReport>;
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
  judge(reference: string, rule: ModelPackage | null): Promise<Judgement>;
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
