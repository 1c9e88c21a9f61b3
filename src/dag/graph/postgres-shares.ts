// What each operator of EXPLAIN takes by itself. EXPLAIN says it per loop, per process, and with everything below.
import { findReaders } from './postgres-links.ts';
import { planRuns } from './postgres-node.ts';
import type { PostgresNode } from './postgres-node.ts';

/** What one operator has by itself, in all its runs. */
export interface PostgresShare {
  readonly rows: number | undefined;
  readonly cost: number | undefined;
  readonly actualRows: number | undefined;
  readonly ms: number | undefined;
}

/** The shares of a plan, and where the rows of each operator go. */
export interface PostgresShares {
  readonly shares: ReadonlyMap<PostgresNode, PostgresShare>;
  readonly inputs: ReadonlyMap<PostgresNode, readonly PostgresNode[]>;
}

/** @param nodes in the order of the plan, the first one on top */
export function sharePlan(nodes: readonly PostgresNode[]): PostgresShares {
  const readers = findReaders(nodes);
  const times = shareTimes(nodes, readers);
  const planned = sharePlanned(nodes[0]!);
  const shares = nodes.map((node): [PostgresNode, PostgresShare] => [
    node,
    {
      ...planned.get(node)!,
      actualRows: node.loops === undefined ? undefined : (node.actualRows ?? 0) * node.loops,
      ms: times.get(node),
    },
  ]);
  return { shares: new Map(shares), inputs: findInputs(nodes, readers) };
}

function findInputs(
  nodes: readonly PostgresNode[],
  readers: ReadonlyMap<PostgresNode, readonly PostgresNode[]>,
): Map<PostgresNode, PostgresNode[]> {
  const inputs = new Map<PostgresNode, PostgresNode[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) {
    const takers = readers.get(node) ?? (node.above === null ? [] : [node.above]);
    for (const taker of takers) inputs.get(taker)!.push(node);
  }
  return inputs;
}

/**
 * Milliseconds of each operator alone. In a part that several processes run, it is the mean of those processes: so
 * the shares of a plan add up to its time, and not to the time of all its processes.
 */
function shareTimes(
  nodes: readonly PostgresNode[],
  readers: ReadonlyMap<PostgresNode, readonly PostgresNode[]>,
): Map<PostgresNode, number | undefined> {
  const whole = new Map<PostgresNode, number>();
  for (const [node, processes] of countProcesses(nodes)) {
    whole.set(node, ((node.totalMs ?? 0) * (node.loops ?? 0)) / processes);
  }
  const inner = new Map(nodes.map((node) => [node, 0]));
  const within = (taker: PostgresNode, ms: number): void => void inner.set(taker, inner.get(taker)! + ms);
  const shared: (readonly [PostgresNode, readonly PostgresNode[]])[] = [];
  for (const node of nodes) {
    const takers = readers.get(node) ?? (node.above === null ? [] : [node.above]);
    if (readers.has(node) && isRunLast(node, takers)) continue;
    if (takers.length > 1) shared.push([node, takers]);
    else for (const taker of takers) within(taker, whole.get(node)!);
  }
  // Nobody says which of them found it unread: it is shared out by how long they took without what they alone read.
  const rests = new Map(nodes.map((node) => [node, Math.max(0, whole.get(node)! - inner.get(node)!)]));
  for (const [node, takers] of shared) {
    const all = takers.reduce((sum, taker) => sum + rests.get(taker)!, 0);
    for (const taker of takers) {
      const part = all > 0 ? rests.get(taker)! / all : 1 / takers.length;
      within(taker, whole.get(node)! * part);
    }
  }
  // A clock that is read twice may say that a part took longer than the whole.
  return new Map(
    nodes.map((node) => [
      node,
      node.totalMs === undefined ? undefined : Math.max(0, whole.get(node)! - inner.get(node)!),
    ]),
  );
}

/** A CTE that writes and that nobody scans runs when the rest is done, and is in nobody's time. */
function isRunLast({ fields }: PostgresNode, takers: readonly PostgresNode[]): boolean {
  return String(fields['Subplan Name']).startsWith('CTE ') && takers.every(({ name }) => name !== 'CTE Scan');
}

/** How many processes ran each operator: what stands below a Gather runs in its workers and mostly in itself. */
function countProcesses(nodes: readonly PostgresNode[]): Map<PostgresNode, number> {
  const processes = new Map<PostgresNode, number>();
  for (const node of nodes) {
    const { above, relationship } = node;
    const outer = above === null ? 1 : processes.get(above)!;
    const isSplit = above?.name.startsWith('Gather') === true && relationship === 'Outer';
    const share = isSplit ? (node.loops ?? 0) / (above.loops ?? 0) : 1;
    processes.set(node, outer * (share > 1 && Number.isFinite(share) ? share : 1));
  }
  return processes;
}

/** Rows in all, and costs that add up to that of the plan, although a limit or a rescan pays for less than the whole. */
function sharePlanned(
  root: PostgresNode,
): Map<PostgresNode, { rows: number | undefined; cost: number | undefined }> {
  const found = new Map<PostgresNode, { rows: number | undefined; cost: number | undefined }>();
  const share = (node: PostgresNode, runs: number, outerRuns: number, budget: number): void => {
    const total = node.totalCost ?? 0;
    const paid = total > 0 ? budget / total : 0;
    const below = node.below.map((next) => ({ next, runs: planRuns(node, next, runs, outerRuns) }));
    const wanted = below.map(({ next, runs: { cost } }) => (next.totalCost ?? 0) * cost * paid);
    const sum = wanted.reduce((all, cost) => all + cost, 0);
    const fits = sum > budget ? budget / sum : 1;
    found.set(node, {
      rows: node.planRows === undefined ? undefined : node.planRows * runs,
      cost: node.totalCost === undefined ? undefined : Math.max(0, budget - sum * fits),
    });
    below.forEach(({ next, runs: { rows } }, at) => share(next, rows, runs, wanted[at]! * fits));
  };
  share(root, 1, 1, root.totalCost ?? 0);
  return found;
}
