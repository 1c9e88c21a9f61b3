// `serve` killed with -9 at random moments, 20 times at least: the history opens without a problem, holds what was
// flushed, and each row once and in order.
import { createRandom } from '../support/random.ts';
import { killRepeatedly } from '../support/app/kill-rounds.ts';

/** Kills of one home, whose history is then read. */
const ROUNDS = 20;

/** Runs until the time is up. Resolves with whether everything held. */
export async function runKills({ minutes, seed }: { minutes: number; seed: number }): Promise<boolean> {
  process.stdout.write(`kill -9 for ${minutes} minutes, seed ${seed}\n`);
  const random = createRandom(seed);
  const endMs = performance.now() + minutes * 60_000;
  let isWhole = true;
  do {
    const { problems, times, lastKnownMs } = await killRepeatedly(ROUNDS, random);
    const doubled = times.length - new Set(times).size;
    const disordered = times.filter((time, i) => i > 0 && time < times[i - 1]!).length;
    const lastMs = times.at(-1) ?? 0;
    process.stdout.write(
      `${ROUNDS} kills: ${times.length} rows, ${problems.length} problems, ${doubled} doubled, ` +
        `${disordered} out of order, ${Math.max(0, lastKnownMs - lastMs)} ms of flushed rows lost\n`,
    );
    isWhole &&= problems.length + doubled + disordered === 0 && lastMs >= lastKnownMs;
  } while (performance.now() < endMs);
  return isWhole;
}
