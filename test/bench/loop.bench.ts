// `loop.live`: from the moment `fit` returns in Python to the first decision by the new model in a
// running daemon: ONNX export, golden rows, parity, upload, verification, warm-up, swap, decision.
import type { Home } from '../../src/core/index.ts';
import type { TrainingAnswer } from '../../src/client/index.ts';
import { openHistory } from '../../src/store/index.ts';
import { createTestHome, poll, startDaemon } from '../support/daemon.ts';
import { pressuredSnapshots } from '../support/memory-rows.ts';
import type { HostStatus } from '../../src/app/host/status-types.ts';
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
    // On the same rows a forest is no worse than itself, so it passes the gate each time; the rest are made live as asked.
    const dataset = { to_ms: Date.now() };
    const jobs: { estimator: string; activate?: true }[] = [
      { estimator: 'sklearn.RandomForestClassifier' },
      { estimator: 'sklearn.RandomForestClassifier', activate: true },
      { estimator: 'sklearn.LogisticRegression', activate: true },
    ];
    for (const job of jobs) {
      yield {
        bench: 'loop.live',
        case: `fit to first decision, ${job.estimator.replace('sklearn.', '')}, ${job.activate ? 'forced' : 'through the gate'}`,
        unit: 'ms',
        better: 'lower',
        anchorName: 'none: no peer does this; goal 1000 ms',
        anchor: null,
        ours: async () => {
          const { result } = await daemon.client.request('train', { ...job, dataset });
          const { fitToFirstDecisionMs, deployment } = result as TrainingAnswer;
          if (fitToFirstDecisionMs === null) throw new Error(`it did not decide: ${deployment?.reason}`);
          return fitToFirstDecisionMs;
        },
        goal: (ours) => ours <= GOAL_MS,
      };
    }
  },
};

export const topics: readonly BenchTopic[] = [loopLive];
