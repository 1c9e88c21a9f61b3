// The binary form of a graph, read by a reader of its own in Python that follows the map of bytes.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeDag } from '../../../src/dag/index.ts';
import { operatorFactNames, operatorTypes } from '../../../src/dag/graph/index.ts';
import { createRandomDag } from '../../support/dag/random-dag.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

it('encodeDag() writes what a reader in Python gives back', () => {
  const random = createPrintedRandom('encodeDag()');
  const dags = Array.from({ length: 200 }, () => createRandomDag(random, 20));
  const input = JSON.stringify({
    types: operatorTypes,
    facts: operatorFactNames,
    messages: dags.map((dag) => Buffer.from(encodeDag(dag)).toString('base64')),
  });
  const output = execFileSync(python, [join(import.meta.dirname, 'read_dag.py')], {
    input,
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual(
    dags.map((dag) => {
      const { nodes, edges } = JSON.parse(JSON.stringify(dag)) as { nodes: object[]; edges: object[] };
      return { nodes, edges };
    }),
  );
});
