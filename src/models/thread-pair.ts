// The two inference workers a host alternates between: while one serves, the other loads. A worker that
// loaded many models or whose heap grew is replaced before its next load; the old one leaves when the last
// model on it is retired.
import { createInferenceThread } from './inference-thread.ts';
import type { InferenceThread, InferenceThreadOptions } from './inference-thread.ts';
import type { LoadedModel } from './loaded-model.ts';

/** When a worker is replaced by a fresh one. */
export interface RecyclePolicy {
  /** Models loaded by one worker. @default 4096 */
  readonly maxLoads: number;
  /** JavaScript heap of one worker after a load. @default 134217728 (128 MiB) */
  readonly maxHeapBytes: number;
}

/** Hands out workers and closes those that nobody needs. */
export interface ThreadPair {
  /**
   * The worker that does not serve `live`, fresh when the old one is lost or worn, or takes no rows that wide.
   * @param featureCount columns of a row @default those of the host
   */
  standby(live: LoadedModel | null, featureCount?: number): InferenceThread;
  /** Counts a model as loaded on its worker. */
  hold(model: LoadedModel): void;
  /** Releases a retired model and closes its worker when that was replaced and is now empty. */
  drop(model: LoadedModel): void;
  close(): Promise<void>;
}

/** Builds a pair; no worker runs before the first `standby`. */
export function createThreadPair(
  options: Omit<InferenceThreadOptions, 'onLost'>,
  recycle: RecyclePolicy,
  onLost: (thread: InferenceThread, error: Error) => void,
): ThreadPair {
  const pair: (InferenceThread | undefined)[] = [undefined, undefined];
  const models = new Map<InferenceThread, number>();
  const closing = new Set<Promise<void>>();

  const start = (featureCount: number): InferenceThread => {
    const thread: InferenceThread = createInferenceThread({
      ...options,
      featureCount,
      capacity: capacityFor(featureCount, options),
      onLost: (error) => {
        models.delete(thread);
        onLost(thread, error);
      },
    });
    models.set(thread, 0);
    return thread;
  };
  const leave = (thread: InferenceThread): void => {
    models.delete(thread);
    const closed = thread.close();
    closing.add(closed);
    void closed.finally(() => closing.delete(closed));
  };
  const isWorn = (thread: InferenceThread): boolean =>
    thread.loads >= recycle.maxLoads || thread.heapUsedBytes > recycle.maxHeapBytes;

  return {
    standby: (live, featureCount = options.featureCount) => {
      const at = live !== null && pair[0] === live.thread ? 1 : 0;
      const current = pair[at];
      const isWide = current !== undefined && current.featureCount >= featureCount;
      if (isWide && !current.isLost && !isWorn(current)) return current;
      const fresh = start(featureCount);
      pair[at] = fresh;
      if (current && models.get(current) === 0) leave(current);
      return fresh;
    },
    hold: ({ thread }) => {
      models.set(thread, (models.get(thread) ?? 0) + 1);
    },
    drop: ({ thread, sessionId }) => {
      const count = models.get(thread);
      if (count === undefined) return;
      thread.release(sessionId);
      models.set(thread, count - 1);
      if (count === 1 && !pair.includes(thread)) leave(thread);
    },
    close: async () => {
      for (const thread of models.keys()) leave(thread);
      await Promise.all(closing);
    },
  };
}

const SMALLEST_CAPACITY = 64;

/** Slots of rows that are wider than the host's: as many as the same memory holds. */
function capacityFor(
  featureCount: number,
  { featureCount: usual, capacity }: Pick<InferenceThreadOptions, 'featureCount' | 'capacity'>,
): number {
  if (featureCount <= usual) return capacity;
  const slots = 2 ** Math.floor(Math.log2((capacity * usual) / featureCount));
  return Math.min(capacity, Math.max(SMALLEST_CAPACITY, slots));
}
