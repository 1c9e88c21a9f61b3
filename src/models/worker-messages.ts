// What the main thread and an inference worker say to each other beside the ring. Types only.
import type { ErrorMessage } from './errors.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';

/** Main thread → worker. */
export type ControlMessage =
  | { readonly kind: 'load'; readonly sessionId: number; readonly request: LoadRequest }
  | { readonly kind: 'release'; readonly sessionId: number }
  | { readonly kind: 'close' };

/**
 * Worker → main thread, about requests. `'answered'` says that answers are in the ring, to whom asked to be
 * called; a failure is always told, before the ring shows it.
 */
export type AnswerMessage =
  | 'answered'
  | { readonly kind: 'failed'; readonly position: number; readonly error: ErrorMessage };

/** Worker → main thread. */
export type WorkerMessage =
  | AnswerMessage
  | {
      readonly kind: 'loaded';
      readonly sessionId: number;
      readonly report: LoadReport;
      readonly heapUsedBytes: number;
    }
  | { readonly kind: 'refused'; readonly sessionId: number; readonly error: ErrorMessage };
