// What a page shows, as a daemon gives it. Types, and the names of actions.
import type { ProcessAnswer, ProcessQuestion } from './process-history.ts';
import type { RangeQuestion } from './history-ranges.ts';

/** What may be done from the page, where the daemon was served with `--page-actions`. */
export const pageActions = ['activate', 'rollback', 'train', 'export', 'pause', 'resume'] as const;
/** One of {@link pageActions}. */
export type PageAction = (typeof pageActions)[number];

/** JSON that is text already. */
export interface JsonText {
  readonly jsonText: string;
}

/** Plain JSON. */
export type PageRow = Readonly<Record<string, unknown>>;

/** Something that happened, and for how long. */
export interface PageMark {
  /** The same for a mark that was told before and is over now. */
  readonly id: string;
  readonly atMs: number;
  /** Its own time for a moment, null for what is not over yet. */
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
  /** Somebody looks: what takes time to start may begin. Never throws. */
  warm(): void;
  status(): PageRow | Promise<PageRow>;
  /** A `RangeAnswer`. */
  range(question: RangeQuestion): Promise<JsonText>;
  /** What happened in a range, as far as the daemon or its history knows. */
  marks(fromMs: number, toMs: number): Promise<readonly PageMark[]>;
  moment(atMs: number): Promise<unknown>;
  processes(question: ProcessQuestion): Promise<ProcessAnswer>;
  models(): Promise<unknown>;
  /** The manifest of a version as it is stored. */
  manifest(reference: string): Promise<unknown>;
  compare(a: string, b: string): Promise<unknown>;
  exports(): Promise<unknown>;
  publications(): Promise<unknown>;
  health(): Promise<unknown>;
  events(): unknown;
  /** Null where the page may only look. */
  readonly act: ((action: PageAction, body: PageRow) => Promise<unknown>) | null;
}
