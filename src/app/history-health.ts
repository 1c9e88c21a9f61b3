// Whether the history reaches its disk. A history that does not say is asked nothing.

/** How writing goes. */
export interface HistoryHealth {
  readonly isWriting: boolean;
  /** What stops it; null while it writes. */
  readonly problem: unknown;
  /** Rows in memory that are not on disk yet. */
  readonly pendingRows: number;
  readonly droppedRows: number;
}

/** Reads the health of a history that has one, else null. */
export function readHistoryHealth(history: object): HistoryHealth | null {
  return (history as { health?(): HistoryHealth }).health?.() ?? null;
}
