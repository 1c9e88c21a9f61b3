// `loop.live`: from the moment `fit` returns in Python to the first decision by the new model in a
// running daemon: ONNX export, golden rows, parity, upload, verification, warm-up, swap, decision.
import { openHistory } from '../../src/store/index.ts';
import { createTestHome, poll, startDaemon } from '../support/daemon.ts';
import { pressuredSnapshots } from '../support/memory-rows.ts';
import type { Home } from '../../src/app/home.ts';
import type { HostStatus } from '../../src/app/status-types.ts';
import type { TrainingReport } from '../../src/app/training-types.ts';
import type { BenchTopic } from './harness.ts';

const GOAL_MS = 1000;
const INTERVAL_MS = 50;

/** A history at the daemon's own rate, ending just now. */
async function writeHistory(home: Home): Promise<void> {
  await using history = await openHistory(home.history);
  const rows = pressuredSnapshots(3000, 200, INTERVAL_MS);
  const shiftMs = Date.now() - 5000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
}

const loopLive: BenchTopic = {
  name: 'loop.live',
  async *cases() {
    await using home = await createTestHome();
    await writeHistory(home);
    await using daemon = await startDaemon(home, ['--hz', String(1000 / INTERVAL_MS), '--horizon', '2']);
    await poll(
      async () => (await daemon.client.request('status')).result as HostStatus,
      ({ decisions }) => decisions.decisions > 0,
    );
    for (const estimator of ['sklearn.RandomForestClassifier', 'sklearn.LogisticRegression']) {
      yield {
        bench: 'loop.live',
        case: `fit to first decision, ${estimator.replace('sklearn.', '')}`,
        unit: 'ms',
        better: 'lower',
        anchorName: 'none: no peer does this; goal 1000 ms',
        anchor: null,
        ours: async () => {
          const { result } = await daemon.client.request('train', { estimator });
          const { fitToFirstDecisionMs } = result as TrainingReport;
          if (fitToFirstDecisionMs === null) throw new Error('the new model did not decide');
          return fitToFirstDecisionMs;
        },
        goal: (ours) => ours <= GOAL_MS,
      };
    }
  },
};

export const topics: readonly BenchTopic[] = [loopLive];
