// A query plan or a pipeline as a directed acyclic graph: rows flow along its edges, from the scans to the result. An
// edge that would close a cycle is refused; the topological order is kept up while edges come (Pearce and Kelly 2006).
import type { CostModel } from './cost-model.ts';
import {
  cycleError,
  edgeError,
  noCostModelError,
  repeatedOperatorError,
  unknownOperatorError,
} from './errors.ts';
import { estimateOperators } from './estimate-operators.ts';
import type { OperatorEstimate } from './estimate-operators.ts';
import { buildLayout } from './layout.ts';
import type { DagLayout } from './layout.ts';
import type { OperatorDetails, OperatorFacts, OperatorNode } from './operator-node.ts';
import type { OperatorType } from './operator-type.ts';

/** An edge: rows go from one operator to another. */
export interface DagEdge {
  readonly from: number;
  readonly to: number;
  /** Rows it can carry a second. @default Infinity */
  readonly rate: number;
}

/** Options of `addEdge`. */
export interface EdgeOptions {
  /** Rows it can carry a second; not negative, infinite is allowed. @default Infinity */
  readonly rate?: number;
}

/** A graph as plain data, as `JSON.stringify` writes it and `parseDag` reads it. */
export interface DagDocument {
  readonly format: 'ruvector-dag';
  readonly version: 1;
  readonly nodes: readonly {
    readonly id: number;
    readonly type: OperatorType;
    readonly facts: OperatorFacts;
    readonly details: OperatorDetails;
  }[];
  /** An edge without a rate can carry any number of rows. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly rate?: number }[];
}

/** A graph of operators. Ids are its names for them; everything is in the order in which it was added. */
export class QueryDag {
  readonly #nodes = new Map<number, OperatorNode>();
  readonly #edges = new Set<DagEdge>();
  /** Edges to its children, by operator and child. */
  readonly #children = new Map<number, Map<number, DagEdge>>();
  readonly #parents = new Map<number, Set<number>>();
  /** Place of each operator in a topological order: no two are equal. */
  readonly #rank = new Map<number, number>();
  #nextRank = 0;
  #version = 0;
  #layout: DagLayout | null = null;
  #costModel: CostModel | null = null;

  /** An empty graph whose operators this model estimates. */
  static withCostModel(model: CostModel): QueryDag {
    const dag = new QueryDag();
    dag.#costModel = model;
    return dag;
  }

  get costModel(): CostModel | null {
    return this.#costModel;
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  get edgeCount(): number {
    return this.#edges.size;
  }

  /** Goes up with every change: for those who keep what they computed. */
  get version(): number {
    return this.#version;
  }

  /**
   * Adds an operator.
   * @returns its id
   * @throws RuvectorError `ERR_DAG_OPERATOR` for an id that is taken
   */
  addNode(node: OperatorNode): number {
    if (this.#nodes.has(node.id)) throw repeatedOperatorError(node.id);
    this.#nodes.set(node.id, node);
    this.#children.set(node.id, new Map());
    this.#parents.set(node.id, new Set());
    this.#rank.set(node.id, this.#nextRank++);
    this.#change();
    return node.id;
  }

  /**
   * Lets rows flow from one operator to another; an edge that is there already takes the new rate.
   * @throws RuvectorError `ERR_DAG_UNKNOWN`, `ERR_DAG_EDGE`, or `ERR_DAG_CYCLE` with the cycle; nothing has changed then
   */
  addEdge(from: number, to: number, { rate = Infinity }: EdgeOptions = {}): void {
    const [children, parents] = [this.#childrenOf(from), this.#parentsOf(to)];
    if (Number.isNaN(rate) || rate < 0) {
      throw edgeError(from, to, `its rate is ${rate}`, 'give it rows a second from 0 on, or none');
    }
    const held = children.get(to) as { rate: number } | undefined;
    if (held) held.rate = rate;
    else {
      this.#makeRoom(from, to);
      const edge = { from, to, rate };
      this.#edges.add(edge);
      children.set(to, edge);
      parents.add(from);
    }
    this.#change();
  }

  /** Takes an operator away with its edges. @throws RuvectorError `ERR_DAG_UNKNOWN` */
  removeNode(id: number): void {
    for (const child of this.children(id)) this.removeEdge(id, child);
    for (const parent of this.parents(id)) this.removeEdge(parent, id);
    for (const held of [this.#nodes, this.#children, this.#parents, this.#rank]) held.delete(id);
    this.#change();
  }

  /** Takes an edge away. @returns false when there was none */
  removeEdge(from: number, to: number): boolean {
    const edge = this.#childrenOf(from).get(to);
    if (!edge) return false;
    this.#edges.delete(edge);
    this.#childrenOf(from).delete(to);
    this.#parentsOf(to).delete(from);
    this.#change();
    return true;
  }

  /** Gives an operator other facts: what was measured, what is expected. @throws RuvectorError `ERR_DAG_UNKNOWN`, `ERR_DAG_OPERATOR` */
  updateNode(id: number, facts: OperatorFacts): void {
    this.#nodes.set(id, this.node(id).with(facts));
    this.#change();
  }

  /** @throws RuvectorError `ERR_DAG_UNKNOWN` */
  node(id: number): OperatorNode {
    const node = this.#nodes.get(id);
    if (!node) throw unknownOperatorError(id);
    return node;
  }

  hasNode(id: number): boolean {
    return this.#nodes.has(id);
  }

  hasEdge(from: number, to: number): boolean {
    return this.#children.get(from)?.has(to) ?? false;
  }

  nodes(): OperatorNode[] {
    return [...this.#nodes.values()];
  }

  edges(): DagEdge[] {
    return Array.from(this.#edges, (edge) => ({ ...edge }));
  }

  /** Operators that take its rows. */
  children(id: number): number[] {
    return [...this.#childrenOf(id).keys()];
  }

  /** Operators whose rows it takes. */
  parents(id: number): number[] {
    return [...this.#parentsOf(id)];
  }

  /** Operators without inputs. */
  sources(): number[] {
    return [...this.#parents].flatMap(([id, parents]) => (parents.size === 0 ? [id] : []));
  }

  /** Operators whose rows nobody takes. */
  sinks(): number[] {
    return [...this.#children].flatMap(([id, children]) => (children.size === 0 ? [id] : []));
  }

  /** Ids, inputs first. */
  topologicalOrder(): number[] {
    return [...this.#rank].sort(([, a], [, b]) => a - b).map(([id]) => id);
  }

  /** Everything its rows come from, in topological order. */
  ancestors(id: number): number[] {
    return this.#reach(id, (at) => this.#parentsOf(at));
  }

  /** Everything its rows go to, in topological order. */
  descendants(id: number): number[] {
    return this.#reach(id, (at) => this.#childrenOf(at).keys());
  }

  /** Edges of the longest way from a source, by id. */
  depths(): Map<number, number> {
    const { ids, depth } = this.layout();
    return new Map(Array.from(ids, (id, at) => [id, depth[at]!]));
  }

  /**
   * Levels by which an operator may come later without a longer longest way, by id: 0 for those on it.
   */
  lateness(): Map<number, number> {
    const { ids, depth, height } = this.layout();
    const levels = depth.reduce((deepest, at) => Math.max(deepest, at), 0);
    return new Map(Array.from(ids, (id, at) => [id, levels - height[at]! - depth[at]!]));
  }

  /** These operators and the edges between them. @throws RuvectorError `ERR_DAG_UNKNOWN` */
  subgraph(ids: Iterable<number>): QueryDag {
    const part = new QueryDag();
    part.#costModel = this.#costModel;
    const wanted = new Set(ids);
    for (const id of wanted) this.node(id);
    // In this order each edge comes with its inputs first, and nothing has to be moved.
    for (const id of this.topologicalOrder()) if (wanted.has(id)) part.addNode(this.node(id));
    for (const { from, to, rate } of this.edges()) {
      if (wanted.has(from) && wanted.has(to)) part.addEdge(from, to, { rate });
    }
    return part;
  }

  /**
   * What a cost model expects of each operator, inputs first; facts stay as they are.
   * @param model the graph's own one when left out
   * @throws RuvectorError `ERR_DAG_COST_MODEL` without a model, or when it gives no number; it names the node
   */
  estimates(model: CostModel | null = this.#costModel): Map<number, OperatorEstimate> {
    if (model === null) throw noCostModelError();
    return estimateOperators(this, model);
  }

  /** Gives every operator the rows and the cost that the model expects of it. @throws RuvectorError `ERR_DAG_COST_MODEL` */
  applyEstimates(): void {
    for (const [id, { rows, cost }] of this.estimates()) {
      this.updateNode(id, { estimatedRows: rows, estimatedCost: cost });
    }
  }

  /** The graph as plain data; `parseDag` reads it. A cost model is no data and stays out. */
  toJSON(): DagDocument {
    return {
      format: 'ruvector-dag',
      version: 1,
      nodes: this.nodes().map(({ id, type, facts, details }) => ({ id, type, facts, details })),
      edges: this.edges().map(({ from, to, rate }) =>
        rate === Infinity ? { from, to } : { from, to, rate },
      ),
    };
  }

  /** The graph as typed arrays, for those who compute on it; kept until the graph changes. */
  layout(): DagLayout {
    this.#layout ??= buildLayout(this.topologicalOrder(), (id) => this.#childrenOf(id));
    return this.#layout;
  }

  #change(): void {
    this.#version++;
    this.#layout = null;
  }

  #childrenOf(id: number): Map<number, DagEdge> {
    const children = this.#children.get(id);
    if (!children) throw unknownOperatorError(id);
    return children;
  }

  #parentsOf(id: number): Set<number> {
    const parents = this.#parents.get(id);
    if (!parents) throw unknownOperatorError(id);
    return parents;
  }

  #reach(start: number, next: (id: number) => Iterable<number>): number[] {
    const seen = new Set<number>();
    const waiting = [...next(start)];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      waiting.push(...next(id));
    }
    return [...seen].sort((a, b) => this.#rank.get(a)! - this.#rank.get(b)!);
  }

  /** Moves the operators between both in the order, so that `from` comes before `to`; refuses a cycle. */
  #makeRoom(from: number, to: number): void {
    if (from === to) throw cycleError(from, to, [from, from]);
    const [low, high] = [this.#rank.get(to)!, this.#rank.get(from)!];
    if (high < low) return;
    const after = this.#forward(from, to, high);
    const before = this.#backward(from, low);
    const moved = [...before, ...after];
    const places = moved.map((id) => this.#rank.get(id)!).sort((a, b) => a - b);
    moved.forEach((id, at) => this.#rank.set(id, places[at]!));
  }

  /** What `to` leads to, as far as the order is wrong; in order. */
  #forward(from: number, to: number, high: number): number[] {
    const cameFrom = new Map<number, number | null>([[to, null]]);
    const waiting = [to];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      for (const child of this.#childrenOf(id).keys()) {
        if (child === from) throw cycleError(from, to, [from, ...wayTo(cameFrom, id), from]);
        if (cameFrom.has(child) || this.#rank.get(child)! > high) continue;
        cameFrom.set(child, id);
        waiting.push(child);
      }
    }
    return [...cameFrom.keys()].sort((a, b) => this.#rank.get(a)! - this.#rank.get(b)!);
  }

  /** What leads to `from`, as far as the order is wrong; in order. */
  #backward(from: number, low: number): number[] {
    const seen = new Set([from]);
    const waiting = [from];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      for (const parent of this.#parentsOf(id)) {
        if (seen.has(parent) || this.#rank.get(parent)! < low) continue;
        seen.add(parent);
        waiting.push(parent);
      }
    }
    return [...seen].sort((a, b) => this.#rank.get(a)! - this.#rank.get(b)!);
  }
}

function wayTo(cameFrom: ReadonlyMap<number, number | null>, end: number): number[] {
  const way: number[] = [];
  for (let id: number | null | undefined = end; id !== null && id !== undefined; id = cameFrom.get(id)) {
    way.unshift(id);
  }
  return way;
}
