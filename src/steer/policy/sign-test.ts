// The one-sided sign test over pairs.

/** Chance of at least `wins` of `pairs` when either side is as likely to win. */
export function findSignTestP(wins: number, pairs: number): number {
  // The sum of C(pairs, k) / 2^pairs for k from wins on, each term from the one before.
  let term = 0.5 ** pairs;
  let sum = 0;
  for (let k = 0; k <= pairs; k++) {
    if (k >= wins) sum += term;
    term *= (pairs - k) / (k + 1);
  }
  return Math.min(1, sum);
}
