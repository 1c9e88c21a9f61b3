// Flows of random plans beside NetworkX and a linear programme of SciPy.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DagMinCutEngine } from '../../../src/dag/index.ts';
import { describeArcs } from '../../support/dag/plan-arcs.ts';
import { buildRandomPlan } from '../../support/dag/random-plan.ts';
import { startJsonChild } from '../../support/json-child.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

it('DagMinCutEngine.analyzeBottlenecks() finds the flow that NetworkX and a linear programme find', async () => {
  const random = createPrintedRandom('flows beside peers');
  await using peer = startJsonChild(python, [join(import.meta.dirname, 'max_flow.py')]);
  const engine = new DagMinCutEngine();
  for (let round = 0; round < 150; round++) {
    const dag = buildRandomPlan(random, {
      operators: 1 + Math.floor(random() * 40),
      extraEdges: 2,
      facts: () => ({ serviceRate: 10 ** (4 * random()) }),
      edgeRate: () => (random() < 0.5 ? Infinity : 10 ** (4 * random())),
    });
    const { maxFlow } = engine.analyzeBottlenecks(dag, { flow: 'routed' });
    const flows = await peer.ask<Record<'networkx' | 'programme', number>>(JSON.stringify(describeArcs(dag)));
    expect(Math.abs(flows.networkx / maxFlow - 1)).toBeLessThan(1e-9);
    expect(Math.abs(flows.programme / maxFlow - 1)).toBeLessThan(1e-6);
  }
});
