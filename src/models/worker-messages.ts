// What the main thread and an inference worker say to each other beside the ring. Types only.
import type { ErrorMessage } from './errors.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';

/** Main thread → worker. */
export type ControlMessage =
  | { readonly kind: 'load'; readonly sessionId: number; readonly request: LoadRequest }
  | { readonly kind: 'release'; readonly sessionId: number }
  | { readonly kind: 'close' };

/** Worker → main thread. A plain number is the tail after a run of answers without a failure. */
export type WorkerMessage =
  | number
  | { readonly kind: 'answers'; readonly tail: number; readonly failures: readonly [number, ErrorMessage][] }
  | {
      readonly kind: 'loaded';
      readonly sessionId: number;
      readonly report: LoadReport;
      readonly heapUsedBytes: number;
    }
  | { readonly kind: 'refused'; readonly sessionId: number; readonly error: ErrorMessage };
