// A maximum flow that does not depend on the order of operators: where a plan has several of them, each push goes down
// all shortest ways at once and divides evenly, so that operators alike in the graph carry alike. Dinic's phases,
// with even pushes in place of paths: slower than one flow out of many, used where the flow itself is looked at.
import type { FlowArc } from './flow-network.ts';

const ROUNDING = 1e-12;

/** @returns the flow of each arc, or null when nothing limits the flow */
export function findEvenFlow(
  nodeCount: number,
  source: number,
  sink: number,
  arcs: readonly FlowArc[],
): Float64Array | null {
  const flow = new EvenFlow(nodeCount, source, sink, arcs);
  while (flow.findLevels()) while (flow.findParts()) if (!flow.push()) return null;
  return Float64Array.from(arcs, (_, arc) => flow.rest[2 * arc + 1]!);
}

class EvenFlow {
  /** What each arc can still carry; arc i ^ 1 leads back. */
  readonly rest: Float64Array;
  readonly #dust: Float64Array;
  readonly #head: Int32Array;
  readonly #start: Int32Array;
  readonly #out: Int32Array;
  readonly #level: Int32Array;
  readonly #queue: Int32Array;
  /** Arcs of the push out of each node; 0 where it does not lead to the sink. */
  readonly #ways: Int32Array;
  /** Part of the push that comes to a node. */
  readonly #part: Float64Array;
  readonly #source: number;
  readonly #sink: number;
  #reached = 0;

  constructor(nodeCount: number, source: number, sink: number, arcs: readonly FlowArc[]) {
    this.#source = source;
    this.#sink = sink;
    this.rest = new Float64Array(2 * arcs.length);
    this.#dust = new Float64Array(2 * arcs.length);
    this.#head = new Int32Array(2 * arcs.length);
    this.#start = new Int32Array(nodeCount + 1);
    arcs.forEach(({ from, to, capacity }, at) => {
      this.#head[2 * at] = to;
      this.#head[2 * at + 1] = from;
      this.rest[2 * at] = capacity;
      if (Number.isFinite(capacity)) this.#dust.fill(capacity * ROUNDING, 2 * at, 2 * at + 2);
      this.#start[from + 1]!++;
      this.#start[to + 1]!++;
    });
    for (let node = 0; node < nodeCount; node++) this.#start[node + 1]! += this.#start[node]!;
    this.#out = new Int32Array(2 * arcs.length);
    const free = this.#start.slice();
    for (let arc = 0; arc < this.#head.length; arc++) this.#out[free[this.#head[arc ^ 1]!]!++] = arc;
    this.#level = new Int32Array(nodeCount);
    this.#queue = new Int32Array(nodeCount);
    this.#ways = new Int32Array(nodeCount);
    this.#part = new Float64Array(nodeCount);
  }

  /** Distances from the source over arcs with room. @returns false when the sink is out of reach */
  findLevels(): boolean {
    const [level, queue] = [this.#level, this.#queue];
    level.fill(-1);
    level[this.#source] = 0;
    queue[0] = this.#source;
    this.#reached = 1;
    for (let at = 0; at < this.#reached; at++) {
      const node = queue[at]!;
      for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
        const arc = this.#out[slot]!;
        const other = this.#head[arc]!;
        if (level[other]! >= 0 || this.rest[arc]! <= this.#dust[arc]!) continue;
        level[other] = level[node]! + 1;
        queue[this.#reached++] = other;
      }
    }
    return level[this.#sink]! >= 0;
  }

  /** Divides a push over the shortest ways that are left. @returns false when there is none */
  findParts(): boolean {
    const [queue, ways, part] = [this.#queue, this.#ways, this.#part];
    ways.fill(0);
    ways[this.#sink] = 1;
    part.fill(0);
    for (let at = this.#reached - 1; at >= 0; at--) {
      const node = queue[at]!;
      if (node !== this.#sink) ways[node] = this.#countWays(node);
    }
    if (ways[this.#source] === 0) return false;
    part[this.#source] = 1;
    for (let at = 0; at < this.#reached; at++) {
      const node = queue[at]!;
      if (part[node] === 0 || node === this.#sink) continue;
      for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
        if (this.#isWay(node, this.#out[slot]!))
          part[this.#head[this.#out[slot]!]!]! += part[node]! / ways[node]!;
      }
    }
    return true;
  }

  /** Sends as much as the fullest arc allows. @returns false when nothing limits it */
  push(): boolean {
    let amount = Infinity;
    this.#eachWay((arc, part) => (amount = Math.min(amount, this.rest[arc]! / part)));
    if (amount === Infinity) return false;
    this.#eachWay((arc, part) => {
      this.rest[arc]! -= amount * part;
      this.rest[arc ^ 1]! += amount * part;
    });
    return true;
  }

  #countWays(node: number): number {
    let count = 0;
    for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
      if (this.#isWay(node, this.#out[slot]!)) count++;
    }
    return count;
  }

  #isWay(node: number, arc: number): boolean {
    const other = this.#head[arc]!;
    return (
      this.#ways[other]! > 0 &&
      this.#level[other] === this.#level[node]! + 1 &&
      this.rest[arc]! > this.#dust[arc]!
    );
  }

  #eachWay(visit: (arc: number, part: number) => void): void {
    for (let at = 0; at < this.#reached; at++) {
      const node = this.#queue[at]!;
      if (this.#part[node] === 0 || node === this.#sink) continue;
      for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
        const arc = this.#out[slot]!;
        if (this.#isWay(node, arc)) visit(arc, this.#part[node]! / this.#ways[node]!);
      }
    }
  }
}
