// Refuses decision trees that loop. The runtime does not check: a child that points back at its parent (one
// changed byte is enough) makes it walk for ever, and a native loop cannot be stopped from outside.
// Typed arrays throughout, because a forest has 10⁵ nodes and this runs beside the live model.
// Attributes: https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md (TreeEnsemble*)
import { treeError } from './errors.ts';
import { nextField, openNested, readPackedInts, stringOf, varintOf } from './protobuf.ts';
import type { ProtoCursor } from './protobuf.ts';

const INTS = 8;
const STRINGS = 9;
const COLUMNS = new Set([
  'nodes_nodeids',
  'nodes_treeids',
  'nodes_modes',
  'nodes_truenodeids',
  'nodes_falsenodeids',
  'nodes_trueleafs',
  'nodes_falseleafs',
  'tree_roots',
]);

/** Attribute columns by name; of `nodes_modes` 1 where the node is a leaf. */
type Columns = Map<string, Int32Array>;

/** Two children a node; -1 where there is none. */
interface Children {
  readonly left: Int32Array;
  readonly right: Int32Array;
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
  const columns: Columns = new Map();
  while (nextField(node)) if (node.field === 5) readColumn(openNested(node), columns);
  const children = columns.has('tree_roots') ? indexedChildren(columns) : keyedChildren(columns);
  if (hasCycle(children)) throw invalid('a child points back at a node above it');
}

function readColumn(attribute: ProtoCursor, columns: Columns): void {
  const name = nameOf({ ...attribute });
  if (!COLUMNS.has(name)) return;
  if (columns.has(name)) throw invalid(`the attribute "${name}" stands there twice`);
  columns.set(name, readValues(attribute));
}

function nameOf(attribute: ProtoCursor): string {
  let name: string | undefined;
  while (nextField(attribute)) {
    if (attribute.field !== 1) continue;
    if (name !== undefined) throw invalid('an attribute has two names');
    name = stringOf(attribute);
    // Exporters write the name first; the values of the columns that do not matter are not walked then.
    if (!COLUMNS.has(name)) return name;
  }
  return name ?? '';
}

function readValues(attribute: ProtoCursor): Int32Array {
  // An unpacked value takes at least two bytes, a packed one at least one.
  const values = new Int32Array(attribute.end - attribute.at);
  let count = 0;
  while (nextField(attribute)) {
    if (attribute.field === STRINGS) values[count++] = isLeaf(attribute) ? 1 : 0;
    else if (attribute.field === INTS && attribute.wireType === 2) {
      for (const value of readPackedInts(attribute)) values[count++] = checkId(value);
    } else if (attribute.field === INTS) values[count++] = checkId(varintOf(attribute));
  }
  return values.subarray(0, count);
}

function checkId(value: number): number {
  if (value >= 2 ** 26) throw invalid(`the id ${value} is out of range`);
  return value;
}

const LEAF = new TextEncoder().encode('LEAF');

/** Compares bytes: decoding 10⁵ short texts would take most of the check's time. */
function isLeaf({ bytes, start, stop }: ProtoCursor): boolean {
  if (stop - start !== LEAF.length) return false;
  for (let i = 0; i < LEAF.length; i++) if (bytes[start + i] !== LEAF[i]) return false;
  return true;
}

function columnOf(columns: Columns, name: string, length?: number): Int32Array {
  const column = columns.get(name) ?? new Int32Array(0);
  if (column.length === 0 || (length !== undefined && column.length !== length)) {
    throw invalid(`the attribute "${name}" has ${column.length} entries`);
  }
  return column;
}

/** ai.onnx.ml 1 to 4: a child is a node id within the same tree; leaves have mode LEAF. */
function keyedChildren(columns: Columns): Children {
  const ids = columnOf(columns, 'nodes_nodeids');
  const trees = columnOf(columns, 'nodes_treeids', ids.length);
  const leafs = columnOf(columns, 'nodes_modes', ids.length);
  const positionOf = buildLookup(trees, ids);
  const side = (name: string): Int32Array =>
    columnOf(columns, name, ids.length).map((child, i) =>
      leafs[i] === 1 ? -1 : present(positionOf(trees[i]!, child), i),
    );
  return { left: side('nodes_truenodeids'), right: side('nodes_falsenodeids') };
}

/** Finds a node by tree and id: by a table where ids are dense, as exporters write them, else by a map. */
function buildLookup(trees: Int32Array, ids: Int32Array): (tree: number, id: number) => number {
  const width = ids.reduce((most, id) => Math.max(most, id), 0) + 1;
  const size = width * (trees.reduce((most, tree) => Math.max(most, tree), 0) + 1);
  if (size > 16 * ids.length + 65_536) {
    const map = new Map(Array.from(ids, (id, i) => [trees[i]! * width + id, i]));
    return (tree, id) => (id < width ? (map.get(tree * width + id) ?? -1) : -1);
  }
  const table = new Int32Array(size).fill(-1);
  ids.forEach((id, i) => (table[trees[i]! * width + id] = i));
  return (tree, id) => (id < width ? table[tree * width + id]! : -1);
}

/** ai.onnx.ml 5: a child is a position among the nodes, or among the leaves where the flag is set. */
function indexedChildren(columns: Columns): Children {
  const { length } = columnOf(columns, 'nodes_truenodeids');
  const side = (idName: string, leafName: string): Int32Array => {
    const leafs = columnOf(columns, leafName, length);
    return columnOf(columns, idName, length).map((child, i) => {
      return leafs[i] === 0 ? present(child < length ? child : -1, i) : -1;
    });
  };
  return {
    left: side('nodes_truenodeids', 'nodes_trueleafs'),
    right: side('nodes_falsenodeids', 'nodes_falseleafs'),
  };
}

function present(position: number, node: number): number {
  if (position < 0) throw invalid(`node ${node} has a child that is not there`);
  return position;
}

/** Kahn's algorithm: nodes left over after removing those without parents lie on or below a cycle. */
function hasCycle({ left, right }: Children): boolean {
  const count = left.length;
  const parents = new Int32Array(count);
  for (const side of [left, right]) for (const child of side) if (child >= 0) parents[child]!++;
  const open = new Int32Array(count);
  let found = 0;
  for (let i = 0; i < count; i++) if (parents[i] === 0) open[found++] = i;
  for (let at = 0; at < found; at++) {
    for (const side of [left, right]) {
      const child = side[open[at]!]!;
      if (child >= 0 && --parents[child]! === 0) open[found++] = child;
    }
  }
  return found < count;
}

function invalid(what: string): Error {
  return treeError(`one of its decision trees is not a tree (${what}); export it again`);
}
