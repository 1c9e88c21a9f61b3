// At most one event of a kind in a window. The newest of those that come meanwhile is kept and sent when the window
// ends, so that the last state always arrives; it says how many it stands for.
import type { DaemonEvent, EventKind } from './daemon-event.ts';

/** Limits one sink. */
export interface RateLimit {
  /** Passes an event on now, or keeps it. */
  push(event: DaemonEvent): void;
  /** Events that were not sent, and will not be. */
  readonly suppressed: number;
  /** Passes on what is kept; nothing is kept afterwards. */
  flush(): void;
}

interface Window {
  held: DaemonEvent | null;
  count: number;
  timer: NodeJS.Timeout;
}

/** Builds the limit. */
export function createRateLimit(windowMs: number, pass: (event: DaemonEvent) => void): RateLimit {
  const windows = new Map<EventKind, Window>();
  let suppressed = 0;

  const end = (kind: EventKind): void => {
    const window = windows.get(kind);
    windows.delete(kind);
    if (!window?.held) return;
    pass({ ...window.held, suppressed: window.count });
    begin(kind);
  };
  const begin = (kind: EventKind): void => {
    const timer = setTimeout(() => end(kind), windowMs);
    timer.unref();
    windows.set(kind, { held: null, count: 0, timer });
  };

  return {
    push(event) {
      const window = windows.get(event.kind);
      if (!window) {
        pass(event);
        begin(event.kind);
        return;
      }
      if (window.held !== null) {
        window.count++;
        suppressed++;
      }
      window.held = event;
    },
    get suppressed() {
      return suppressed;
    },
    flush() {
      for (const { held, count, timer } of windows.values()) {
        clearTimeout(timer);
        if (held) pass({ ...held, suppressed: count });
      }
      windows.clear();
    },
  };
}
