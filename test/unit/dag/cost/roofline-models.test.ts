// Rooflines: what bounds an operator, and options that cannot be.
import { describe, expect, it } from 'vitest';
import {
  ChipCostModel,
  EmbeddedCostModel,
  OperatorNode,
  OperatorType,
  QueryDag,
} from '../../../../src/dag/index.ts';
import type { ChipCostOptions, CostModel, EmbeddedCostOptions } from '../../../../src/dag/index.ts';

/** Costs of a scan of so many rows of 64 bytes, and of a sort of them. */
function costsOf(model: CostModel, rows: number): [scan: number, sort: number] {
  const dag = QueryDag.withCostModel(model);
  dag.addNode(OperatorNode.seqScan(0, 't').with({ estimatedRows: rows, rowBytes: 64 }));
  dag.addNode(OperatorNode.sort(1, ['a']).with({ estimatedRows: rows, rowBytes: 64 }));
  dag.addEdge(0, 1);
  return [dag.estimates().get(0)!.cost, dag.estimates().get(1)!.cost];
}

describe('EmbeddedCostModel', () => {
  const machine: EmbeddedCostOptions = { ramKb: 512, flashLatencyNs: 100 };

  it('bounds a scan by flash: its bytes and a wait for each page', () => {
    const [scan] = costsOf(new EmbeddedCostModel(machine), 1000);
    expect(scan).toBeCloseTo((64_000 / 40e6) * 1e6 + (64_000 / 256) * 0.1, 9);
    const [slower] = costsOf(new EmbeddedCostModel({ ...machine, flashLatencyNs: 1100 }), 1000);
    expect(slower - scan).toBeCloseTo(250, 9);
  });

  it('writes to flash what does not fit into memory', () => {
    const sortOf = (ramKb: number): number =>
      costsOf(new EmbeddedCostModel({ ...machine, ramKb }), 32_768)[1];
    // 2 MiB: two halvings at 512 KiB.
    expect(sortOf(2048)).toBe(sortOf(4096));
    expect(sortOf(512)).toBeGreaterThan(sortOf(1024));
    expect(sortOf(1024)).toBeGreaterThan(sortOf(2048));
  });

  it.each([['ramKb'], ['flashPageBytes'], ['operationsPerSecond']])('refuses a %s of 0', (option) => {
    expect(() => new EmbeddedCostModel({ ...machine, [option]: 0 })).toThrow(
      `Cannot use ${option} "0" of EmbeddedCostModel: it is not a finite number above 0`,
    );
  });
});

describe('ChipCostModel', () => {
  const machine: ChipCostOptions = { clockMhz: 1000, pipelineDepth: 10, cacheLineBytes: 64 };

  it('takes half the time at twice the clock, and more with a longer pipeline or a shorter line', () => {
    const [scan, sort] = costsOf(new ChipCostModel(machine), 10_000);
    expect(costsOf(new ChipCostModel({ ...machine, clockMhz: 2000 }), 10_000)).toEqual([scan / 2, sort / 2]);
    expect(costsOf(new ChipCostModel({ ...machine, pipelineDepth: 20 }), 10_000)[1]).toBeGreaterThan(sort);
    expect(costsOf(new ChipCostModel({ ...machine, cacheLineBytes: 32 }), 10_000)[0]).toBeCloseTo(
      scan * 2,
      6,
    );
  });

  it('bounds a scan by its cache lines', () => {
    const [scan] = costsOf(new ChipCostModel(machine), 10_000);
    expect(scan).toBeCloseTo((2 * 10_000 * 8) / 1000, 9);
  });

  it('has a finite cost for each type of operator', () => {
    for (const type of Object.values(OperatorType)) {
      for (const model of [
        new ChipCostModel(machine),
        new EmbeddedCostModel({ ramKb: 1, flashLatencyNs: 0 }),
      ]) {
        const dag = QueryDag.withCostModel(model);
        for (const id of [0, 1, 2]) dag.addNode(new OperatorNode(id, type));
        dag.addEdge(0, 2);
        dag.addEdge(1, 2);
        expect(dag.estimates().size).toBe(3);
      }
    }
  });

  it('refuses options that cannot be', () => {
    for (const clockMhz of [NaN, -1, Infinity, '1' as unknown as number])
      expect(() => new ChipCostModel({ ...machine, clockMhz })).toThrow(
        expect.objectContaining({ code: 'ERR_DAG_COST_OPTIONS' }),
      );
  });
});
