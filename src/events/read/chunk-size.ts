// How many events travel together: the rule of the source document, 15 bytes an event out of a quarter of the memory
// that is available.

/** What an event is reckoned at: its 13 bytes of columns and what surrounds them. */
export const BYTES_PER_EVENT = 15;
/** The share of available memory that loading may use unless it is told otherwise. */
const SHARE_OF_MEMORY = 0.25;
const FEWEST_EVENTS = 100_000;
const MOST_EVENTS = 10_000_000;

/** The limit in force when nobody names one: a quarter of what is available, in MiB. */
export const defaultLimitMb = (availableBytes: number): number =>
  (availableBytes * SHARE_OF_MEMORY) / 1024 ** 2;

/**
 * Events of one chunk, 100,000 to 10 million.
 * @param totalEvents how many there are; null where nobody knows. A chunk is never larger than that asks for
 * @param availableMemoryMb memory that is available, in MiB; a quarter of it is used
 */
export function calculateOptimalChunkSize(totalEvents: number | null, availableMemoryMb: number): number {
  const events = Math.floor((availableMemoryMb * 1024 ** 2 * SHARE_OF_MEMORY) / BYTES_PER_EVENT);
  const wanted = totalEvents === null ? events : Math.min(events, totalEvents);
  return Math.min(MOST_EVENTS, Math.max(FEWEST_EVENTS, wanted));
}
