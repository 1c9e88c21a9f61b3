// What arrives by itself, until somebody asks for it: bounded in bytes, because whoever pushes is asked to pause.

/** A queue as its reader sees it. */
export interface Arrivals<T> {
  /** Bytes that wait. */
  readonly bytes: number;
  /**
   * The next item; null at the end, undefined when none came in time.
   * @throws the signal's reason, or what the queue ended with
   */
  take(signal: AbortSignal, waitMs?: number): Promise<T | null | undefined>;
}

/** A queue between a socket and a source that reads it. */
export interface ArrivalQueue<T> extends Arrivals<T> {
  push(item: T, bytes: number): void;
  /** Ends behind what waits; with an error, the reader gets it then. */
  end(error?: Error): void;
  /** Resolves when less than the limit waits, or the queue has ended. */
  room(): Promise<void>;
}

/**
 * @param limitBytes from which on the other side should pause
 * @param onFull called with true then, and with false when half of it is read
 */
export function createArrivalQueue<T>(
  limitBytes: number,
  onFull: (isFull: boolean) => void = () => {},
): ArrivalQueue<T> {
  const waiting: { readonly item: T; readonly bytes: number }[] = [];
  let bytes = 0;
  let isFull = false;
  let end: { readonly error?: Error } | null = null;
  let arrived = Promise.withResolvers<void>();
  let freed = Promise.withResolvers<void>();

  const setFull = (value: boolean): void => {
    if (isFull === value) return;
    isFull = value;
    onFull(value);
    if (!value) {
      freed.resolve();
      freed = Promise.withResolvers();
    }
  };
  const wake = (): void => {
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  return {
    get bytes() {
      return bytes;
    },
    push(item, size) {
      waiting.push({ item, bytes: size });
      bytes += size;
      if (bytes >= limitBytes) setFull(true);
      wake();
    },
    end(error) {
      end ??= error === undefined ? {} : { error };
      freed.resolve();
      wake();
    },
    async take(signal, waitMs = Infinity) {
      const deadlineMs = performance.now() + waitMs;
      for (;;) {
        signal.throwIfAborted();
        const next = waiting.shift();
        if (next) {
          bytes -= next.bytes;
          if (bytes <= limitBytes / 2) setFull(false);
          return next.item;
        }
        if (end?.error !== undefined) throw end.error;
        if (end) return null;
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) return undefined;
        await waitFor(arrived.promise, signal, leftMs);
      }
    },
    room: () => (isFull && end === null ? freed.promise : Promise.resolve()),
  };
}

/** The same items, converted when they are taken: what waits stays as it came. */
export function mapArrivals<A, B>(arrivals: Arrivals<A>, convert: (item: NonNullable<A>) => B): Arrivals<B> {
  return {
    get bytes() {
      return arrivals.bytes;
    },
    take: async (signal, waitMs) => {
      const item = await arrivals.take(signal, waitMs);
      if (item === undefined) return undefined;
      return item === null ? null : convert(item);
    },
  };
}

/** Until the promise resolves, the signal aborts or the time is over. */
async function waitFor(arrival: Promise<void>, signal: AbortSignal, ms: number): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => stopped.resolve();
  const timer = Number.isFinite(ms) ? setTimeout(stop, ms) : undefined;
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([arrival, stopped.promise]);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
}
