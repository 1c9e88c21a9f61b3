// Trees that loop are refused; the runtime would walk them for ever.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { openCursor } from '../../../src/models/protobuf.ts';
import { checkTrees } from '../../../src/models/tree-check.ts';
import { bytesField, concat, intField } from '../../support/models/onnx-bytes.ts';

const ints = (name: string, values: readonly number[]): Uint8Array =>
  bytesField(5, bytesField(1, name), ...values.map((value) => intField(8, value)));
const packed = (name: string, values: readonly number[]): Uint8Array =>
  bytesField(5, bytesField(1, name), bytesField(8, Uint8Array.from(values)));
const modes = (values: readonly string[]): Uint8Array =>
  bytesField(5, bytesField(1, 'nodes_modes'), ...values.map((value) => bytesField(9, value)));

interface Tree {
  readonly ids?: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly leafs: readonly boolean[];
  readonly column?: typeof ints;
}

function check({ left, right, leafs, ids = left.map((_, i) => i), column = ints }: Tree): () => void {
  const node = concat([
    column('nodes_nodeids', ids),
    column(
      'nodes_treeids',
      ids.map(() => 0),
    ),
    column('nodes_truenodeids', left),
    column('nodes_falsenodeids', right),
    modes(leafs.map((leaf) => (leaf ? 'LEAF' : 'BRANCH_LEQ'))),
  ]);
  return () => checkTrees(openCursor(node));
}

const stump: Tree = { left: [1, 0, 0], right: [2, 0, 0], leafs: [false, true, true] };

it.each([
  ['plain', ints],
  ['packed', packed],
])('checkTrees() accepts a tree in %s integers', (_, column) => {
  expect(check({ ...stump, column })).not.toThrow();
});

it.each<[string, Tree]>([
  ['a child that is its parent', { left: [1, 0, 0], right: [2, 2, 0], leafs: [false, false, true] }],
  ['a node that is its own child', { ...stump, left: [0, 0, 0] }],
  ['a child that is not there', { ...stump, right: [9, 0, 0] }],
  ['modes of another length', { ...stump, leafs: [false, true] }],
  ['children of another length', { ...stump, right: [2, 0] }],
])('checkTrees() refuses %s', (_, tree) => {
  expect(check(tree)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_TREE' }));
});

it('checkTrees() refuses a list that stands there twice, and one without nodes', () => {
  const twice = concat([ints('nodes_truenodeids', [1]), ints('nodes_truenodeids', [0])]);
  expect(() => checkTrees(openCursor(twice))).toThrow(/stands there twice/);
  expect(() => checkTrees(openCursor(new Uint8Array(0)))).toThrow(/has 0 entries/);
});

it('checkTrees() reads the newer operator, where leaves are flagged', () => {
  const build = (child: number): Uint8Array =>
    concat([
      ints('tree_roots', [0]),
      ints('nodes_truenodeids', [1, child]),
      ints('nodes_trueleafs', [0, 0]),
      ints('nodes_falsenodeids', [0, 1]),
      ints('nodes_falseleafs', [1, 1]),
    ]);
  expect(() => checkTrees(openCursor(build(0)))).toThrow(/points back/);
  expect(() => checkTrees(openCursor(build(5)))).toThrow(/not there/);
});

it('checkTrees() agrees with walking the tree from its root', () => {
  const child = fc.nat(5);
  const shape = fc.array(fc.tuple(child, child, fc.boolean()), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(shape, (nodes) => {
      const tree = {
        left: nodes.map((n) => n[0]),
        right: nodes.map((n) => n[1]),
        leafs: nodes.map((n) => n[2]),
      };
      const visit = (at: number, above: readonly number[]): boolean =>
        above.includes(at) ||
        (!tree.leafs[at]! && [tree.left[at]!, tree.right[at]!].some((next) => visit(next, [...above, at])));
      const loops = nodes.some((_, root) => visit(root, []));
      if (loops) expect(check(tree)).toThrow();
      else expect(check(tree)).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
