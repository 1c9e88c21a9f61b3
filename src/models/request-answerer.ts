// The worker's side of the ring: answers what was published, in order. Knows no sessions and no threads.
import { toErrorMessage } from './errors.ts';
import {
  copyFeatures,
  publishTail,
  readRingHead,
  readTail,
  sessionIdAt,
  takeCall,
  writeAnswer,
  writeFailure,
} from './request-ring.ts';
import type { RawAnswer, RingView } from './request-ring.ts';
import type { AnswerMessage } from './worker-messages.ts';

/** What answers the requests of a ring. */
export interface RequestAnswererOptions {
  readonly ring: RingView;
  /** Runs one row; `features` is reused for the next one. */
  readonly run: (sessionId: number, features: Float32Array) => RawAnswer;
  readonly post: (message: AnswerMessage) => void;
}

/** Builds a function that answers all requests there are and says whether there were any. */
export function createRequestAnswerer({ ring, run, post }: RequestAnswererOptions): () => boolean {
  const row = new Float32Array(ring.featureCount);
  let tail = readTail(ring);

  const answer = (position: number): void => {
    try {
      copyFeatures(ring, position, row);
      writeAnswer(ring, position, run(sessionIdAt(ring, position), row));
    } catch (error) {
      writeFailure(ring, position);
      post({ kind: 'failed', position, error: toErrorMessage(error, 'ERR_MODEL_RUN') });
    }
  };
  return () => {
    const head = readRingHead(ring);
    if (head === tail) return false;
    while (tail !== head) {
      answer(tail);
      tail = (tail + 1) | 0;
      publishTail(ring, tail);
    }
    if (takeCall(ring)) post('answered');
    return true;
  };
}
