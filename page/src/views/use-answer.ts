// An answer of the daemon as state of a view.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api.ts';
import { connection } from '../live.ts';

export interface Answer<T> {
  /** The newest one; the one before stays until then. */
  readonly value: T | null;
  readonly error: unknown;
  readonly reload: () => void;
}

/**
 * Asks when the path or the parameters change, and every so often when asked to; null asks nothing.
 * @param everyMs 0 asks once
 */
export function useAnswer<T>(
  path: string | null,
  params: Readonly<Record<string, string | number>> = {},
  everyMs = 0,
): Answer<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const [round, setRound] = useState(0);
  const key = path === null ? null : `${path}?${new URLSearchParams(params as Record<string, string>)}`;
  useEffect(() => {
    if (path === null) {
      setState({ value: null, error: null });
      return undefined;
    }
    const aborted = new AbortController();
    const load = (): void => {
      if (document.hidden && everyMs > 0) return;
      ask<T>(path, params, aborted.signal).then(
        (value) => setState({ value, error: null }),
        (error: unknown) => {
          if (!aborted.signal.aborted) setState((last) => ({ ...last, error }));
        },
      );
    };
    load();
    const timer = everyMs > 0 ? setInterval(load, everyMs) : undefined;
    return () => {
      clearInterval(timer);
      aborted.abort();
    };
  }, [key, everyMs, round]);
  const reload = (): void => setRound((last) => last + 1);
  // What could not be read while nobody answered.
  const isLive = connection.value.state === 'live';
  useEffect(() => {
    if (isLive && state.error !== null) reload();
  }, [isLive]);
  return { ...state, reload };
}
