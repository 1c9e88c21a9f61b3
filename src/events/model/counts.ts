// What a reader met besides events: nothing a file holds is dropped without a number that says so.

/** Counts of one reading; those of two blocks add up to those of the whole. */
export interface ReadCounts {
  /** Events given to the caller. */
  events: number;
  /** Triggers read, stored or not. */
  triggers: number;
  /** Words of a type the format reserves. */
  reservedWords: number;
  /** Padding words (EVT3 types 9, EVT4 0xFFFFFFFF). */
  paddingWords: number;
  /** Words of a known type that carry neither event nor time (IMU, counters and their continuations). */
  skippedWords: number;
  /** Events dropped because no time word stood before them. */
  eventsBeforeTime: number;
  /** Triggers dropped because no time word stood before them. */
  triggersBeforeTime: number;
  /** Events with x or y outside the geometry: given to the caller unless it asked to drop them. */
  eventsOutside: number;
  /** How often the file's clock began again (the time goes on). */
  timeWraps: number;
  /** How often the file's clock went back without a wrap (the time goes back too). */
  timeReversals: number;
  /** Bytes of a last word that the file cuts off. */
  truncatedBytes: number;
}

/** Counts of a reading that has not begun. */
export function createReadCounts(): ReadCounts {
  return {
    events: 0,
    triggers: 0,
    reservedWords: 0,
    paddingWords: 0,
    skippedWords: 0,
    eventsBeforeTime: 0,
    triggersBeforeTime: 0,
    eventsOutside: 0,
    timeWraps: 0,
    timeReversals: 0,
    truncatedBytes: 0,
  };
}

/** Adds the counts of one block to `total`. */
export function addReadCounts(total: ReadCounts, block: Readonly<ReadCounts>): void {
  for (const name of Object.keys(total) as (keyof ReadCounts)[]) total[name] += block[name];
}
