// `serve` that is killed with -9 again and again at random moments, and what its history holds afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { createTestHome, startDaemon } from '../daemon.ts';

/** What was left. */
export interface KillOutcome {
  readonly problems: History['problems'];
  /** Of all memory rows, in the order in which they are stored. */
  readonly times: readonly number[];
  /** Of the newest row that was known to be flushed before a kill. */
  readonly lastKnownMs: number;
}

/** Kills the daemon of one home so many times, up to half a second after it answers. */
export async function killRepeatedly(rounds: number, random: () => number): Promise<KillOutcome> {
  await using home = await createTestHome();
  let lastKnownMs = 0;
  for (let round = 0; round < rounds; round++) {
    await using daemon = await startDaemon(home, ['--hz', '50', '--process-interval', '0']);
    await sleep(random() * 400);
    const { result } = await daemon.client.request('history.range');
    await daemon.client.request('history.flush');
    const { kinds } = result as { kinds: Record<string, { lastMs: number | null }> };
    lastKnownMs = kinds['memory']!.lastMs ?? lastKnownMs;
    await sleep(random() * 100);
    await daemon.kill();
  }
  await using history = await openHistory(home.history);
  const times = (await history.rows('memory')).map((row) => row.timestamp);
  return { problems: history.problems, times, lastKnownMs };
}
