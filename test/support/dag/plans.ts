// Random query plans, as a planner could give them: scans below joins, filters between, an aggregate or a sort on top.
import { OperatorNode, QueryDag } from '../../../src/dag/graph/index.ts';

/** A plan with `joins` joins over tables of `tables`; ids are in no order. */
export function randomPlan(
  random: () => number,
  { joins = 1 + Math.floor(random() * 4), tables = 12 } = {},
): QueryDag {
  const dag = new QueryDag();
  const whole = (below: number): number => Math.floor(random() * below);
  const ids = Array.from({ length: joins * 8 + 16 }, (_, id) => id).sort(() => random() - 0.5);
  const add = (build: (id: number) => OperatorNode, inputs: readonly number[]): number => {
    const id = dag.addNode(build(ids.pop()!));
    for (const input of inputs) dag.addEdge(input, id);
    return id;
  };
  const scan = (): number => {
    const table = `t${whole(tables)}`;
    const read = add(
      (id) =>
        random() < 0.5 ? OperatorNode.seqScan(id, table) : OperatorNode.indexScan(id, `${table}_key`, table),
      [],
    );
    if (random() < 0.5) return read;
    return add((id) => OperatorNode.filter(id, `${table}.c${whole(5)} > ${whole(1000)}`), [read]);
  };
  let top = scan();
  for (let join = 0; join < joins; join++) {
    const other = scan();
    const kind = whole(3);
    top = add(
      (id) => {
        if (kind === 0) return OperatorNode.nestedLoopJoin(id);
        return kind === 1
          ? OperatorNode.hashJoin(id, `k${whole(4)}`)
          : OperatorNode.mergeJoin(id, `k${whole(4)}`);
      },
      [top, other],
    );
  }
  if (random() < 0.5) top = add((id) => OperatorNode.groupBy(id, [`c${whole(5)}`]), [top]);
  if (random() < 0.5) top = add((id) => OperatorNode.sort(id, [`c${whole(5)}`]), [top]);
  add((id) => OperatorNode.result(id), [top]);
  return dag;
}

/** Standard normal numbers. */
export function createNormal(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
