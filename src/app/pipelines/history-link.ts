// The history of a home, opened read-only by the first part that reads it and shared by the others.
import type { Home } from '../../core/index.ts';
import { openHistory } from '../../store/index.ts';
import type { History } from '../../store/index.ts';

/** A history that may never be opened. */
export interface HistoryLink {
  open(): Promise<History>;
  close(): Promise<void>;
}

/** Creates the link. Opening throws `ERR_STORE_NOT_FOUND` where there is no history. */
export function createHistoryLink(home: Home): HistoryLink {
  let opened: Promise<History> | null = null;
  return {
    open: () => (opened ??= openHistory(home.history, { readOnly: true })),
    close: async () => {
      const history = await opened?.catch(() => null);
      await history?.close();
    },
  };
}
