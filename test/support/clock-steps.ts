// Ways in which a wall clock is set, from a second to decades.

const DAY_MS = 86_400_000;
/** Where the steps start from. */
export const stepStartMs = Date.UTC(2026, 0, 1);

/** Name and size of each step. */
export const clockSteps: readonly (readonly [string, number])[] = [
  ['1.5 s forward', 1500],
  ['3 s back', -3000],
  ['2 h forward', 7_200_000],
  ['2 h back', -7_200_000],
  ['40 days forward', 40 * DAY_MS],
  ['40 days back', -40 * DAY_MS],
  ['10 years forward', 3652 * DAY_MS],
  ['10 years back', -3652 * DAY_MS],
  ['to 1970', -stepStartMs],
  ['to 2100', Date.UTC(2100, 0, 1) - stepStartMs],
];
