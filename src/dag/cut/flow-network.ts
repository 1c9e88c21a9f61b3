// A maximum flow that is kept up while capacities change: Dinic's algorithm on residual arcs, without recursion, from
// whatever flow there is. A capacity that falls below its flow gives the excess back along a path from the source and
// one to the sink; then what the other arcs can still carry is found again. Arcs come in pairs: arc i ^ 1 leads back.

/** Part of a capacity that rounding may leave over. */
const ROUNDING = 1e-12;

/** Arcs of a network, before there is a flow. */
export interface FlowArc {
  readonly from: number;
  readonly to: number;
  /** Infinite is allowed as long as no path has nothing but such arcs. */
  readonly capacity: number;
}

/** A network with one source and one sink, and a flow through it. */
export class FlowNetwork {
  readonly source: number;
  readonly sink: number;
  /** Where each arc leads; even arcs are those that were given, in their order. */
  readonly head: Int32Array;
  readonly capacity: Float64Array;
  /** A path without any finite capacity was found: there is no maximum. */
  isUnbounded = false;
  /** What each arc can still carry; of an odd arc, the flow of the arc before it. */
  readonly #rest: Float64Array;
  /** Below this much, an arc counts as full. */
  readonly #dust: Float64Array;
  readonly #start: Int32Array;
  readonly #arcs: Int32Array;
  readonly #level: Int32Array;
  readonly #next: Int32Array;
  readonly #queue: Int32Array;
  readonly #path: Int32Array;

  constructor(nodeCount: number, source: number, sink: number, arcs: readonly FlowArc[]) {
    this.source = source;
    this.sink = sink;
    this.head = new Int32Array(2 * arcs.length);
    this.capacity = new Float64Array(arcs.length);
    this.#rest = new Float64Array(2 * arcs.length);
    this.#dust = new Float64Array(2 * arcs.length);
    this.#start = new Int32Array(nodeCount + 1);
    arcs.forEach(({ from, to, capacity }, at) => {
      this.head[2 * at] = to;
      this.head[2 * at + 1] = from;
      this.#hold(at, capacity);
      this.#rest[2 * at] = capacity;
      this.#start[from + 1]!++;
      this.#start[to + 1]!++;
    });
    for (let node = 0; node < nodeCount; node++) this.#start[node + 1]! += this.#start[node]!;
    this.#arcs = new Int32Array(2 * arcs.length);
    const free = this.#start.slice();
    for (let arc = 0; arc < this.head.length; arc++) this.#arcs[free[this.head[arc ^ 1]!]!++] = arc;
    this.#level = new Int32Array(nodeCount);
    this.#next = new Int32Array(nodeCount);
    this.#queue = new Int32Array(nodeCount);
    this.#path = new Int32Array(nodeCount);
  }

  /** What flows through an arc that was given. */
  flowOf(arc: number): number {
    return this.#rest[2 * arc + 1]!;
  }

  /** Takes a flow over from another network of the same source and sink; the caller sees to its being one. */
  setFlow(arc: number, flow: number): void {
    this.#rest[2 * arc] = this.capacity[arc]! - flow;
    this.#rest[2 * arc + 1] = flow;
  }

  /** Gives an arc another capacity; the flow stays one, {@link FlowNetwork.augment} makes it maximal again. */
  setCapacity(arc: number, capacity: number): void {
    if (capacity === this.capacity[arc]) return;
    const excess = this.flowOf(arc) - capacity;
    this.#hold(arc, capacity);
    if (excess > 0) {
      this.#cancel(this.head[2 * arc + 1]!, this.source, 1, excess);
      this.#cancel(this.head[2 * arc]!, this.sink, 0, excess);
      this.#rest[2 * arc + 1] = capacity;
    }
    this.#rest[2 * arc] = capacity - this.#rest[2 * arc + 1]!;
  }

  /** Makes the flow maximal. */
  augment(): void {
    this.isUnbounded = false;
    while (!this.isUnbounded && this.#findLevels()) {
      this.#next.set(this.#start.subarray(0, -1));
      while (this.#augmentOnce());
    }
  }

  /** Forgets the flow. */
  clear(): void {
    this.capacity.forEach((_, arc) => this.setFlow(arc, 0));
  }

  /** What leaves the source. */
  total(): number {
    let total = 0;
    for (let at = this.#start[this.source]!; at < this.#start[this.source + 1]!; at++) {
      const arc = this.#arcs[at]!;
      total += (arc & 1) === 0 ? this.#rest[arc + 1]! : -this.#rest[arc]!;
    }
    return total;
  }

  /** Whether what comes into each node goes out of it again, but for rounding. @param tolerance part of what goes through */
  isConserved(tolerance: number): boolean {
    for (let node = 0; node < this.#start.length - 1; node++) {
      if (node === this.source || node === this.sink) continue;
      let [passing, balance] = [0, 0];
      for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
        const arc = this.#arcs[slot]!;
        const flow = this.#rest[arc | 1]!;
        passing += flow;
        balance += (arc & 1) === 0 ? flow : -flow;
      }
      if (Math.abs(balance) > tolerance * passing) return false;
    }
    return true;
  }

  /** Nodes that the source can still send more to, as ones. @returns a new array */
  reachable(): Uint8Array {
    return this.#search(this.source, 0);
  }

  /** Nodes that can still send more to the sink, as ones. @returns a new array */
  reaching(): Uint8Array {
    return this.#search(this.sink, 1);
  }

  #hold(arc: number, capacity: number): void {
    this.capacity[arc] = capacity;
    const dust = Number.isFinite(capacity) ? capacity * ROUNDING : 0;
    this.#dust[2 * arc] = dust;
    this.#dust[2 * arc + 1] = dust;
  }

  /** @param back 1 to go against the arcs */
  #search(from: number, back: 0 | 1): Uint8Array {
    const seen = new Uint8Array(this.#start.length - 1);
    const queue = this.#queue;
    let length = 1;
    queue[0] = from;
    seen[from] = 1;
    for (let at = 0; at < length; at++) {
      const node = queue[at]!;
      for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
        const arc = this.#arcs[slot]!;
        const other = this.head[arc]!;
        if (seen[other] === 1 || this.#rest[arc ^ back]! <= this.#dust[arc]!) continue;
        seen[other] = 1;
        queue[length++] = other;
      }
    }
    return seen;
  }

  /** Distances from the source over arcs with room. @returns false when the sink is out of reach */
  #findLevels(): boolean {
    const { head } = this;
    const [level, queue, start, arcs] = [this.#level, this.#queue, this.#start, this.#arcs];
    level.fill(-1);
    level[this.source] = 0;
    queue[0] = this.source;
    let length = 1;
    for (let at = 0; at < length; at++) {
      const node = queue[at]!;
      for (let slot = start[node]!; slot < start[node + 1]!; slot++) {
        const arc = arcs[slot]!;
        const other = head[arc]!;
        if (level[other]! >= 0 || this.#rest[arc]! <= this.#dust[arc]!) continue;
        level[other] = level[node]! + 1;
        if (other === this.sink) return true;
        queue[length++] = other;
      }
    }
    return false;
  }

  /** Sends what one shortest path can carry. @returns false when there is no further one */
  #augmentOnce(): boolean {
    const { head } = this;
    const [level, next, path] = [this.#level, this.#next, this.#path];
    let node = this.source;
    let length = 0;
    while (node !== this.sink) {
      const slot = next[node]!;
      if (slot === this.#start[node + 1]!) {
        if (length === 0) return false;
        level[node] = -1;
        node = head[path[--length]! ^ 1]!;
        continue;
      }
      const arc = this.#arcs[slot]!;
      const other = head[arc]!;
      if (level[other] !== level[node]! + 1 || this.#rest[arc]! <= this.#dust[arc]!) {
        next[node]!++;
        continue;
      }
      path[length++] = arc;
      node = other;
    }
    return this.#send(length);
  }

  /** @returns false when nothing limits the path */
  #send(length: number): boolean {
    let amount = Infinity;
    for (let at = 0; at < length; at++) amount = Math.min(amount, this.#rest[this.#path[at]!]!);
    this.isUnbounded = amount === Infinity;
    if (this.isUnbounded) return false;
    for (let at = 0; at < length; at++) {
      const arc = this.#path[at]!;
      this.#rest[arc]! -= amount;
      this.#rest[arc ^ 1]! += amount;
    }
    return true;
  }

  /** Takes flow off paths between a node and an end. @param back 1 towards the source */
  #cancel(from: number, end: number, back: 0 | 1, amount: number): void {
    let left = amount;
    while (left > 0) {
      const length = this.#findFlow(from, end, back);
      if (length === 0) return;
      let taken = left;
      for (let at = 0; at < length; at++) taken = Math.min(taken, this.#rest[this.#path[at]! | 1]!);
      for (let at = 0; at < length; at++) this.#takeOff(this.#path[at]!, taken);
      left -= taken;
    }
  }

  /** Walks along the flow. @returns arcs in the path; 0 where the way is none, or only rounding is left to take */
  #findFlow(from: number, end: number, back: 0 | 1): number {
    let length = 0;
    let node = from;
    while (node !== end) {
      const arc = this.#flowingArc(node, back);
      if (arc >= 0) {
        this.#path[length++] = arc;
        node = this.head[arc]!;
        continue;
      }
      if (length === 0) return 0;
      // What rounding left on an arc leads nowhere.
      const dead = this.#path[--length]!;
      node = this.head[dead ^ 1]!;
      this.#takeOff(dead, this.#rest[dead | 1]!);
    }
    return length;
  }

  #takeOff(arc: number, amount: number): void {
    this.#rest[arc | 1]! -= amount;
    this.#rest[arc & ~1]! += amount;
  }

  /** An arc of a node that flow comes in by (back = 1) or goes out by; −1 for none. */
  #flowingArc(node: number, back: 0 | 1): number {
    for (let slot = this.#start[node]!; slot < this.#start[node + 1]!; slot++) {
      const arc = this.#arcs[slot]!;
      if ((arc & 1) === back && this.#rest[arc | 1]! > 0) return arc;
    }
    return -1;
  }
}
