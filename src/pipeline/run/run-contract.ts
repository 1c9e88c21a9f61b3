// What a run of batch stages is given. Types and default values only.
import type {
  Batch,
  ErrorPolicy,
  MemoryBudget,
  PipelineProgress,
  Sink,
  Source,
  Transform,
} from '../contract.ts';

/** A transform that is only a function. It keeps nothing between batches, so any number of calls may be under way. */
export type TransformFunction = (batch: Batch, signal: AbortSignal) => Batch | null | Promise<Batch | null>;

/** How much may wait in front of a stage. One batch may always. */
export interface QueueLimits {
  /** @default 4 */
  readonly batches?: number;
  /** @default the whole budget */
  readonly bytes?: number;
}

/** How batches are cut, and joined from smaller ones, before the first stage. */
export interface BatchLimits {
  /** Most rows of a batch. @default 65536 */
  readonly rows?: number;
  /** Batches of fewer rows are joined, which copies them. @default `rows` where that is given, else 4096 */
  readonly minRows?: number;
  /** Most bytes of a batch; one row may have more. @default 8 MiB, or a sixteenth of the budget if that is less */
  readonly bytes?: number;
  /** How long rows wait for others to be joined with. @default 100 */
  readonly lingerMs?: number;
}

/** A transform in its place. */
export interface TransformStage {
  /** Of all stages different. */
  readonly name: string;
  readonly transform: Transform | TransformFunction;
  /**
   * Most calls under way at once; a function is asked before each. One with `reset` has one, always.
   * @default 1
   */
  readonly workers?: number | (() => number);
  /** @default 'fail' */
  readonly onError?: ErrorPolicy;
  /** How long one call may take. @default without limit */
  readonly timeoutMs?: number;
  /** What may wait in front of it. */
  readonly queue?: QueueLimits;
}

/** Where and how often a run notes how far it is. */
export interface CheckpointOptions {
  /** A file of its own. It is there only while there is something to resume. */
  readonly path: string;
  /** What is run, in words of the caller's choice: a checkpoint of another one is refused. */
  readonly identity: string;
  /** @default 5000 */
  readonly everyMs?: number;
  /** @default without such a limit */
  readonly everyRows?: number;
}

/** What runs. */
export interface StagesPlan {
  readonly source: Source;
  readonly transforms?: readonly TransformStage[];
  readonly sink: Sink;
  readonly budget: MemoryBudget;
  /** @default `source` and `sink` */
  readonly names?: { readonly source?: string; readonly sink?: string };
  /** What becomes of a batch that the sink does not take. @default 'fail' */
  readonly onSinkError?: ErrorPolicy;
  /** What may wait in front of the sink. */
  readonly sinkQueue?: QueueLimits;
  /** A function is asked before each read, so that limits may follow the pressure of the host. */
  readonly batch?: BatchLimits | (() => BatchLimits);
  /** Rows reach the sink in the order of the source. @default true */
  readonly isOrdered?: boolean;
  readonly checkpoint?: CheckpointOptions;
}

/** How it is watched and ended. */
export interface RunOptions {
  /** Ends the run at once; it rejects with the signal's reason, and nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Ends the run early but whole: nothing more is read, what was read reaches the sink, which finishes. */
  readonly drain?: AbortSignal;
  /** Told how the run does, and once at its end. What it throws ends the run. */
  readonly onProgress?: (progress: PipelineProgress) => void;
  /** @default 500 */
  readonly progressEveryMs?: number;
}

/** Default values of {@link BatchLimits}. */
export const batchDefaults = { rows: 65_536, minRows: 4096, bytes: 8 * 2 ** 20, lingerMs: 100 } as const;
/** Batches of the default size that a budget holds at least. */
export const LEAST_BATCHES_IN_BUDGET = 16;
/** Default value of {@link QueueLimits}. */
export const QUEUE_BATCHES = 4;
/** Default value of {@link CheckpointOptions}. */
export const CHECKPOINT_EVERY_MS = 5000;
/** Default value of {@link RunOptions}. */
export const PROGRESS_EVERY_MS = 500;
