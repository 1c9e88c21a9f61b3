// What a page shows, as a daemon gives it. Types, and the names of actions.
import type { AnyRow, PartitionReader } from '../core/index.ts';
import type { HubSubscription } from '../stream/index.ts';

/** What may be done from the page, where the daemon was served with `--page-actions`. */
export const pageActions = ['activate', 'rollback', 'train', 'export', 'pause', 'resume'] as const;
/** One of {@link pageActions}. */
export type PageAction = (typeof pageActions)[number];

/** Plain JSON. */
export type PageRow = Readonly<Record<string, unknown>>;

/** Something that happened, and for how long. */
export interface PageMark {
  readonly atMs: number;
  /** Null for a moment, and for what is not over yet. */
  readonly untilMs: number | null;
  readonly kind: 'swap' | 'action' | 'alert' | 'gap' | 'label';
  readonly text: string;
  readonly detail: PageRow;
}

/** What was decided at a moment. */
export interface DecidedMoment extends PageRow {
  readonly atMs: number;
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly features: Readonly<Record<string, number>> | null;
  readonly reason: string;
  /** True when the live model was asked now about that moment, because what was decided then is not known. */
  readonly isRecomputed: boolean;
}

/** What the page reads. Nothing of it changes the host but `act`. */
export interface PageSource {
  readonly history: PartitionReader;
  /** Time between two samples. */
  readonly intervalMs: number;
  status(): PageRow | Promise<PageRow>;
  /** Rows as they are stored, from now on, of memory and of processes; who does not keep up loses the oldest. */
  follow(signal: AbortSignal): HubSubscription;
  /** What happened in a range, as far as the daemon or its history knows; gaps are found by the page itself. */
  marks(fromMs: number, toMs: number): Promise<readonly PageMark[]>;
  /** What was decided on a sample; null where nothing can be said. */
  decisionAt(atMs: number, memory: AnyRow): Promise<DecidedMoment | null>;
  models(): Promise<unknown>;
  compare(a: string, b: string): Promise<unknown>;
  exports(): Promise<unknown>;
  health(): Promise<unknown>;
  events(): unknown;
  /** Null where the page may only look. */
  readonly act: ((action: PageAction, body: PageRow) => Promise<unknown>) | null;
}
