// Messages a socket pushes, as an async iterable: calls back when many wait, so that the socket pauses.

/** Messages that may wait before the socket is asked to pause. */
const HIGH_MARK = 16;

/** A queue between a socket's events and a reader. */
export interface MessageQueue<T> extends AsyncIterable<T> {
  push(message: T): void;
  /** Ends after what waits; with an error, the reader gets it then. */
  end(error?: Error): void;
}

/** @param onFull called with true when the reader falls behind and with false when it has caught up */
export function createMessageQueue<T>(onFull: (isFull: boolean) => void): MessageQueue<T> {
  let waiting: T[] = [];
  let wake: (() => void) | null = null;
  let end: { error?: Error } | null = null;
  let isFull = false;

  const setFull = (value: boolean): void => {
    if (isFull === value) return;
    isFull = value;
    onFull(value);
  };
  async function* read(): AsyncGenerator<T> {
    for (;;) {
      const messages = waiting;
      waiting = [];
      setFull(false);
      yield* messages;
      if (waiting.length > 0) continue;
      if (end?.error !== undefined) throw end.error;
      if (end) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const wakeUp = (): void => {
    wake?.();
    wake = null;
  };
  return {
    push(message) {
      waiting.push(message);
      if (waiting.length >= HIGH_MARK) setFull(true);
      wakeUp();
    },
    end(error) {
      end ??= error === undefined ? {} : { error };
      wakeUp();
    },
    [Symbol.asyncIterator]: read,
  };
}
