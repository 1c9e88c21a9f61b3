// What a report says of a model whose errors are known.
import { describe, expect, it } from 'vitest';
import { OperatorNode, qError, QueryDag, reportCostModel } from '../../../../src/dag/index.ts';
import type { CostModel } from '../../../../src/dag/index.ts';

/** Costs the id of an operator, and always expects 10 rows. */
const model: CostModel = {
  unit: 'ids',
  estimateCost: ({ id }) => id,
  estimateCardinality: () => 10,
  platformOverhead: () => 1,
};

function plan(cost: number, exclusiveMs: number, actualRows = 10): QueryDag {
  const dag = new QueryDag();
  dag.addNode(OperatorNode.result(cost).with({ exclusiveMs, actualRows }));
  return dag;
}

describe('qError()', () => {
  it('says by how many times an estimate is off, either way, and counts less than a row as one', () => {
    expect([qError(10, 5), qError(5, 10), qError(0, 0), qError(0.2, 3)]).toEqual([2, 2, 1, 3]);
  });
});

describe('reportCostModel()', () => {
  it('gives quantiles of q-errors and the regret of the plans that the model takes', () => {
    const report = reportCostModel(model, [
      [plan(1, 5, 20), plan(2, 9)],
      [plan(4, 3), plan(3, 12, 1), plan(9, 4)],
      [plan(7, 100, 1000)],
    ]);
    expect(report).toEqual({
      unit: 'ids',
      rows: { count: 6, median: 1, p90: 100, p99: 100, max: 100 },
      regret: { queries: 2, bestChosen: 1, total: 17 / 8, worst: 4, chosen: [0, 1, 0] },
    });
  });

  it('passes over rows of what never ran, and names a plan that was not measured', () => {
    const never = new QueryDag();
    never.addNode(new OperatorNode(1, 'sort', { actualRows: 0, exclusiveMs: 0, details: { loops: 0 } }));
    expect(reportCostModel(model, [[never]]).rows.count).toBe(0);
    const unmeasured = new QueryDag();
    unmeasured.addNode(OperatorNode.result(1));
    expect(() => reportCostModel(model, [[plan(1, 1)], [plan(1, 1), unmeasured]])).toThrow(
      'Cannot report on plan "1" of query "1": no operator has a time',
    );
  });
});
