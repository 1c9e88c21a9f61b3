// Local hours and weekdays of the host. Asking the time zone takes longer than any formula, and neighbouring
// snapshots nearly always lie in the same local hour.

const MINUTE_MS = 60_000;

/**
 * Gives what `read` says of a time.
 * @param read something that changes with the local hour at most
 */
export function createLocalTime(read: (date: Date) => number): (timeMs: number) => number {
  let fromMs = Number.NaN;
  let value = 0;
  return (timeMs) => {
    if (timeMs >= fromMs && timeMs < fromMs + MINUTE_MS) return value;
    const minuteMs = Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
    value = read(new Date(timeMs));
    // A minute that is not all of one local hour, where a zone was minutes and seconds off, is asked each time.
    const isWhole = [minuteMs, minuteMs + MINUTE_MS - 1].every((ms) => read(new Date(ms)) === value);
    fromMs = isWhole ? minuteMs : Number.NaN;
    return value;
  };
}
