// Which operators all rows of an operator pass: its post-dominators, the nearest of which makes it a child in a tree whose
// root is the result; and, of rows from the sources, its dominators. Cooper, Harvey and Kennedy 2001; one pass is enough
// without cycles.
import type { DagLayout } from '../graph/index.ts';

/** A tree over operators. The root is `count`, above all results (or sources), and stands for no operator. */
export interface DominatorTree {
  /** The nearest operator that all rows pass. */
  readonly parent: Int32Array;
  /** Edges to the root. */
  readonly depth: Int32Array;
}

/** The tree of what all rows pass on their way to the results. */
export function findPostDominators({ childStart, child }: DagLayout): DominatorTree {
  const count = childStart.length - 1;
  const tree = createTree(count);
  for (let place = count - 1; place >= 0; place--) {
    let nearest = -1;
    for (let edge = childStart[place]!; edge < childStart[place + 1]!; edge++) {
      nearest = nearest < 0 ? child[edge]! : findMeeting(tree, nearest, child[edge]!);
    }
    hang(tree, place, nearest < 0 ? count : nearest);
  }
  return tree;
}

/** The tree of what all rows have passed on their way from the sources. */
export function findDominators({ parentStart, parent }: DagLayout): DominatorTree {
  const count = parentStart.length - 1;
  const tree = createTree(count);
  for (let place = 0; place < count; place++) {
    let nearest = -1;
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      nearest = nearest < 0 ? parent[edge]! : findMeeting(tree, nearest, parent[edge]!);
    }
    hang(tree, place, nearest < 0 ? count : nearest);
  }
  return tree;
}

function createTree(count: number): DominatorTree {
  return { parent: new Int32Array(count + 1).fill(-1), depth: new Int32Array(count + 1) };
}

function hang({ parent, depth }: DominatorTree, place: number, under: number): void {
  parent[place] = under;
  depth[place] = depth[under]! + 1;
}

/** The deepest that both are under. */
export function findMeeting({ parent, depth }: DominatorTree, a: number, b: number): number {
  let [left, right] = [a, b];
  while (left !== right) {
    if (depth[left]! >= depth[right]!) left = parent[left]!;
    else right = parent[right]!;
  }
  return left;
}
