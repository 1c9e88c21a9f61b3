// Learning in a worker thread.
import { describe, expect, it } from 'vitest';
import { DagSonaEngine, openSonaWorker } from '../../../src/dag/sona/index.ts';
import { randomPlan } from '../../support/dag/plans.ts';
import { createRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

function busyEngine(runs: number): { engine: DagSonaEngine; plan: ReturnType<typeof randomPlan> } {
  const random = createRandom(17);
  const plans = Array.from({ length: 20 }, () => randomPlan(random));
  const engine = new DagSonaEngine({ passes: 20 });
  for (let run = 0; run < runs; run++) {
    engine.postQuery(plans[run % 20]!, 50 + random() * 10, 100, engine.settings.mechanisms[run % 7]!);
  }
  return { engine, plan: plans[0]! };
}

describe('openSonaWorker()', () => {
  it('learns the same to the last bit as backgroundLearn() when given the same runs', async () => {
    const [here, there] = [busyEngine(500).engine, busyEngine(500).engine];
    await using worker = await openSonaWorker(there);
    expect(await worker.learn()).toEqual(here.backgroundLearn());
    expect(there.serialize()).toEqual(here.serialize());
  });

  it('leaves queries what was known before and takes their runs while it learns', async () => {
    const { engine, plan } = busyEngine(5000);
    await using worker = await openSonaWorker(engine);
    const before = engine.predict(plan);
    let isLearned = false;
    const learning = worker.learn().then((report) => {
      isLearned = true;
      return report;
    });
    expect(worker.learn()).toBe(worker.learn());
    let queries = 0;
    await until(() => {
      // What was learned is taken over in between, never in the middle.
      if (!isLearned) {
        expect(engine.predict(plan)).toEqual(before);
        engine.postQuery(plan, 50, 100, 'topological');
        queries++;
      }
      return isLearned;
    });
    expect((await learning).trajectories).toBe(5000);
    expect(queries).toBeGreaterThan(0);
    expect(engine.pendingTrajectories).toBe(queries);
    expect(engine.predict(plan)).not.toEqual(before);
    expect((await worker.learn()).trajectories).toBe(queries);
  });

  it('puts the runs back with a typed error when it is closed in the middle', async () => {
    const { engine } = busyEngine(2000);
    const worker = await openSonaWorker(engine);
    const learning = worker.learn();
    const [refused] = await Promise.allSettled([learning, worker.close()]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'ERR_DAG_SONA_WORKER' } });
    expect(engine.pendingTrajectories).toBe(2000);
    await expect(worker.learn()).rejects.toMatchObject({ code: 'ERR_DAG_SONA_WORKER' });
    expect(engine.backgroundLearn().trajectories).toBe(2000);
  });
});
