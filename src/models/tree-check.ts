// Refuses decision trees that loop. The runtime does not check: a child that points back at its parent (one
// changed byte is enough) makes it walk for ever, and a native loop cannot be stopped from outside.
// Attributes: https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md (TreeEnsemble*)
import { rejected } from './errors.ts';
import { nextField, openNested, readPackedInts, textOf, varintOf } from './protobuf.ts';
import type { ProtoCursor } from './protobuf.ts';

interface TreeAttributes {
  readonly ints: Map<string, number[]>;
  /** Of `nodes_modes`: true where the node is a leaf. */
  readonly leafs: boolean[];
}

/** True for the operators that hold trees. */
export function isTreeOperator(opType: string): boolean {
  return opType.startsWith('TreeEnsemble');
}

/**
 * Checks the trees of one TreeEnsemble node.
 * @throws ModelRejectedError `ERR_MODEL_TREE` when following children may not end
 */
export function checkTrees(node: ProtoCursor): void {
  const attributes = collectAttributes(node);
  const children = attributes.ints.has('tree_roots')
    ? indexedChildren(attributes)
    : keyedChildren(attributes);
  if (hasCycle(children)) throw invalid('a child points back at a node above it');
}

function collectAttributes(node: ProtoCursor): TreeAttributes {
  const found: TreeAttributes = { ints: new Map(), leafs: [] };
  while (nextField(node)) if (node.field === 5) collectAttribute(openNested(node), found);
  return found;
}

function collectAttribute(attribute: ProtoCursor, found: TreeAttributes): void {
  let name = '';
  const ints: number[] = [];
  const leafs: boolean[] = [];
  while (nextField(attribute)) {
    if (attribute.field === 1) name = textOf(attribute);
    else if (attribute.field === 8 && attribute.wireType === 2) readPackedInts(attribute, ints);
    else if (attribute.field === 8) ints.push(varintOf(attribute));
    else if (attribute.field === 9) leafs.push(isLeaf(attribute));
  }
  if (found.ints.has(name)) throw invalid(`the attribute "${name}" stands there twice`);
  found.ints.set(name, ints);
  if (name === 'nodes_modes') for (const leaf of leafs) found.leafs.push(leaf);
}

const LEAF = [...new TextEncoder().encode('LEAF')];

/** Compares bytes: decoding 10⁵ short texts would take most of the check's time. */
function isLeaf({ bytes, start, stop }: ProtoCursor): boolean {
  return stop - start === LEAF.length && LEAF.every((byte, i) => bytes[start + i] === byte);
}

function columnOf(attributes: TreeAttributes, name: string, length?: number): number[] {
  const column = attributes.ints.get(name) ?? [];
  if (column.length === 0 || (length !== undefined && column.length !== length)) {
    throw invalid(`the attribute "${name}" has ${column.length} entries`);
  }
  return column;
}

/** ai.onnx.ml 1 to 4: a child is a node id within the same tree; leaves have mode LEAF. */
function keyedChildren(attributes: TreeAttributes): number[][] {
  const ids = columnOf(attributes, 'nodes_nodeids');
  const trees = columnOf(attributes, 'nodes_treeids', ids.length);
  const sides = ['nodes_truenodeids', 'nodes_falsenodeids'].map((n) => columnOf(attributes, n, ids.length));
  if (attributes.leafs.length !== ids.length) throw invalid('"nodes_modes" has another length');
  const positions = new Map<number, number>(ids.map((id, i) => [toKey(trees[i]!, id), i]));
  return ids.map((_, i) => {
    if (attributes.leafs[i] === true) return [];
    return sides.map((side) => {
      const position = positions.get(toKey(trees[i]!, side[i]!));
      if (position === undefined) throw invalid(`node ${i} has a child that is not there`);
      return position;
    });
  });
}

const MAX_ID = 2 ** 26;

/** One exact number for a tree and a node id. */
function toKey(tree: number, id: number): number {
  if (tree >= MAX_ID || id >= MAX_ID) throw invalid(`node ${id} of tree ${tree} is out of range`);
  return tree * MAX_ID + id;
}

/** ai.onnx.ml 5: a child is a position among the nodes, or among the leaves where the flag is set. */
function indexedChildren(attributes: TreeAttributes): number[][] {
  const trueIds = columnOf(attributes, 'nodes_truenodeids');
  const column = (name: string): number[] => columnOf(attributes, name, trueIds.length);
  const sides = [
    { ids: trueIds, leafs: column('nodes_trueleafs') },
    { ids: column('nodes_falsenodeids'), leafs: column('nodes_falseleafs') },
  ];
  return trueIds.map((_, i) =>
    sides.flatMap(({ ids, leafs }) => {
      if (leafs[i] !== 0) return [];
      if (ids[i]! >= trueIds.length) throw invalid(`node ${i} has a child that is not there`);
      return [ids[i]!];
    }),
  );
}

/** Kahn's algorithm: nodes left over after removing those without parents lie on or below a cycle. */
function hasCycle(children: readonly (readonly number[])[]): boolean {
  const parents = new Int32Array(children.length);
  for (const list of children) for (const child of list) parents[child]!++;
  const open = [...parents.keys()].filter((i) => parents[i] === 0);
  let removed = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    removed++;
    for (const child of children[next]!) if (--parents[child]! === 0) open.push(child);
  }
  return removed < children.length;
}

function invalid(what: string): Error {
  return rejected('ERR_MODEL_TREE', `one of its decision trees is not a tree (${what}); export it again`);
}
