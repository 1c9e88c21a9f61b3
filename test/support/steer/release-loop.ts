// A daemon that releases one vote at a time until the budget of the day is spent; a line for each. The folder is its argument.
import { openPatternSync } from '../../../src/steer/sync/index.ts';
import { START_MS, voteOn } from './sync-fixtures.ts';

const sync = await openPatternSync({
  folder: process.argv[2]!,
  privacy: { epsilonPerVote: 0.1, epsilonPerDay: 3 },
  batchLimit: 1,
  resendMs: 0,
  nowMs: () => START_MS,
});
for (;;) {
  const { released } = await sync.runOnce([voteOn('t', 'no_hashjoin')], []);
  if (released === 0) break;
  process.stdout.write('released\n');
}
sync[Symbol.dispose]();
