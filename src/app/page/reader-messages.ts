// What a daemon and the process that reads its history for the page say to each other. Types only.
import type { AnyRow, HistoryKind } from '../../core/index.ts';
import type { JsonText, MomentAnswer, PageMark, ProcessAnswer, ProcessQuestion } from '../../page/index.ts';

/** What can be asked, and what is answered. */
export interface ReaderQuestions {
  readonly range: {
    readonly params: {
      readonly fromMs: number;
      readonly toMs: number;
      readonly pixels: number;
      readonly fields: readonly string[];
    };
    /** A `RangeAnswer`. */
    readonly result: JsonText;
  };
  readonly marks: {
    readonly params: { readonly fromMs: number; readonly toMs: number };
    readonly result: readonly PageMark[];
  };
  readonly processes: { readonly params: ProcessQuestion; readonly result: ProcessAnswer };
  readonly moment: { readonly params: { readonly atMs: number }; readonly result: MomentAnswer };
}
export type ReaderQuestion = keyof ReaderQuestions;

/** To the process. */
export type ReaderTask =
  | {
      readonly type: 'open';
      /** Of the history. */
      readonly directory: string;
      /** Of the summary. */
      readonly folder: string;
      readonly intervalMs: number;
    }
  /** Rows that were appended since. */
  | { readonly type: 'rows'; readonly kind: HistoryKind; readonly rows: readonly AnyRow[] }
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly name: ReaderQuestion;
      readonly params: ReaderQuestions[ReaderQuestion]['params'];
    };

/** From the process. */
export type ReaderMessage =
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly code: string | null; readonly message: string }
  | { readonly type: 'problem'; readonly message: string };
