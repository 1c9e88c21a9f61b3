// Graphs of operators for tests: any types, facts, details and edges that there can be.
import { OperatorNode, QueryDag } from '../../../src/dag/index.ts';
import type { OperatorFacts } from '../../../src/dag/index.ts';
import { operatorFactNames, operatorTypes } from '../../../src/dag/graph/index.ts';

/** A whole number below `end`. */
const below = (random: () => number, end: number): number => Math.floor(random() * end);

const texts = ['', 'o.c = cu.id', 'naïve Größe', '日本', '__proto__', 'a\nb', '𝒳'];

/** An operator with some facts and details. */
export function createRandomNode(random: () => number, id: number): OperatorNode {
  const facts = Object.fromEntries(
    operatorFactNames.filter(() => random() < 0.5).map((name) => [name, below(random, 1e6) * random()]),
  ) as OperatorFacts;
  const values = [
    () => texts[below(random, texts.length)]!,
    () => (random() - 0.5) * 1e9,
    () => random() < 0.5,
    () => texts.slice(below(random, texts.length)),
  ];
  const details = Object.fromEntries(
    texts.filter(() => random() < 0.3).map((name) => [name, values[below(random, values.length)]!()]),
  );
  return new OperatorNode(id, operatorTypes[below(random, operatorTypes.length)]!, { ...facts, details });
}

/** From `least` up to `most` operators with scattered ids, and edges in either direction of those. */
export function createRandomDag(random: () => number, most: number, least = 0): QueryDag {
  const dag = new QueryDag();
  const size = least + below(random, most + 1 - least);
  for (let left = size; left > 0; left--) {
    const id = below(random, random() < 0.1 ? Number.MAX_SAFE_INTEGER : most * 10);
    if (!dag.hasNode(id)) dag.addNode(createRandomNode(random, id));
  }
  const ids = dag.nodes().map(({ id }) => id);
  const order = ids.map((id) => ({ id, key: random() })).sort((a, b) => a.key - b.key);
  for (let left = below(random, ids.length * 2 + 1); left > 0; left--) {
    const [a, b] = [below(random, ids.length), below(random, ids.length)];
    if (a === b) continue;
    const [from, to] = [order[Math.min(a, b)]!.id, order[Math.max(a, b)]!.id];
    dag.addEdge(from, to, random() < 0.3 ? { rate: below(random, 1000) } : {});
  }
  return dag;
}
