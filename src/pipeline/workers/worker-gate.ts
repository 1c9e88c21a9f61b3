// Lets so many tasks through at a time as there should be workers, in the order they came; the number may change.

/** A gate. */
export interface WorkerGate {
  /** Somebody waits. */
  readonly hasWaiting: boolean;
  /** Resolves when there is room. @throws the signal's reason */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
}

/** Builds a gate. `room` is asked each time someone enters or leaves. */
export function buildWorkerGate(room: () => number): WorkerGate {
  const waiting = new Set<() => void>();
  let inside = 0;
  const letIn = (): void => {
    for (const go of waiting) {
      if (inside >= room()) return;
      inside++;
      waiting.delete(go);
      go();
    }
  };
  return {
    get hasWaiting() {
      return waiting.size > 0;
    },
    async enter(signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void => {
        if (waiting.delete(resolve)) reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(resolve);
      letIn();
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    leave() {
      inside--;
      letIn();
    },
  };
}
