// How many events travel together: the rule of the source document, 15 bytes an event out of a quarter of the memory
// that is available.

/** What an event is reckoned at: its 13 bytes of columns and what surrounds them. */
export const BYTES_PER_EVENT = 15;
/** The share of available memory that loading may use unless it is told otherwise. */
export const SHARE_OF_MEMORY = 0.25;
export const FEWEST_EVENTS = 100_000;
const MOST_EVENTS = 10_000_000;

/**
 * Events of one chunk: `(availableMemoryMb × 1024² / 4) / 15`, 100,000 to 10 million.
 * @param _totalEvents of the recording; the document's rule takes it and does not use it
 * @param availableMemoryMb memory that is available, in MiB; a quarter of it is used
 */
export function calculateOptimalChunkSize(_totalEvents: number | null, availableMemoryMb: number): number {
  const events = Math.floor((availableMemoryMb * 1024 ** 2 * SHARE_OF_MEMORY) / BYTES_PER_EVENT);
  return Math.min(MOST_EVENTS, Math.max(FEWEST_EVENTS, events));
}
