// One operator of a plan: what it does, what the planner expects of it and what was measured. Immutable.
import { operatorDetailError, operatorFactError } from './errors.ts';
import { isOperatorType, OperatorType } from './operator-type.ts';

/** What an operator works on: a table, an index, a predicate, keys. */
export type OperatorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What is known of an operator. All are finite and not negative; what nobody knows is left out. */
export interface OperatorFacts {
  /** Rows the planner expects it to give in all. */
  readonly estimatedRows?: number | undefined;
  /** What the planner or a cost model charges for it alone, without its inputs, in the model's own unit. */
  readonly estimatedCost?: number | undefined;
  /** Mean bytes of a row it gives. */
  readonly rowBytes?: number | undefined;
  /** Rows it gave in all. */
  readonly actualRows?: number | undefined;
  /** Time it took by itself, without its inputs, in ms. */
  readonly exclusiveMs?: number | undefined;
  /** Rows it can take a second at its present parallelism. */
  readonly serviceRate?: number | undefined;
  /** Rows it gives for each row it takes. */
  readonly selectivity?: number | undefined;
}

/** Names of {@link OperatorFacts}, in the order of the binary form: only ever append. */
export const operatorFactNames = [
  'estimatedRows',
  'estimatedCost',
  'rowBytes',
  'actualRows',
  'exclusiveMs',
  'serviceRate',
  'selectivity',
] as const satisfies readonly (keyof OperatorFacts)[];

/** Options of {@link OperatorNode}. */
export interface OperatorOptions extends OperatorFacts {
  readonly details?: OperatorDetails;
}

/** An operator of a {@link QueryDag}. */
export class OperatorNode {
  /** A whole number, unique in its DAG. */
  readonly id: number;
  readonly type: OperatorType;
  readonly details: OperatorDetails;
  readonly facts: OperatorFacts;

  /**
   * @throws RuvectorError `ERR_DAG_OPERATOR` for a fact that is NaN, infinite or negative, or a detail that is no text,
   * finite number, boolean or list of texts; it names the node
   */
  constructor(id: number, type: OperatorType, { details = {}, ...facts }: OperatorOptions = {}) {
    if (!Number.isSafeInteger(id) || id < 0) throw operatorFactError({ id, type, fact: 'id', value: id });
    if (!isOperatorType(type)) throw operatorFactError({ id, type, fact: 'type', value: type });
    for (const fact of operatorFactNames) {
      const value = facts[fact];
      if (value === undefined || (Number.isFinite(value) && value >= 0)) continue;
      throw operatorFactError({ id, type, fact, value });
    }
    for (const [name, value] of Object.entries(details)) {
      if (!isDetail(value)) throw operatorDetailError({ id, type, fact: name, value });
    }
    this.id = id;
    this.type = type;
    this.details = Object.freeze({ ...details });
    const known = operatorFactNames.filter((fact) => facts[fact] !== undefined);
    // -0 is 0: JSON has no -0.
    this.facts = Object.freeze(Object.fromEntries(known.map((fact) => [fact, facts[fact]! + 0])));
  }

  /** The same operator with other facts; `undefined` takes one away. */
  with(facts: OperatorFacts): OperatorNode {
    return new OperatorNode(this.id, this.type, { details: this.details, ...this.facts, ...facts });
  }

  static seqScan(id: number, table: string): OperatorNode {
    return new OperatorNode(id, OperatorType.SeqScan, { details: { table } });
  }

  static indexScan(id: number, index: string, table: string): OperatorNode {
    return new OperatorNode(id, OperatorType.IndexScan, { details: { index, table } });
  }

  /** @param efSearch candidates that are kept while the graph is searched */
  static hnswScan(id: number, index: string, efSearch: number): OperatorNode {
    return new OperatorNode(id, OperatorType.HnswScan, { details: { index, efSearch } });
  }

  /** @param probes lists that are searched */
  static ivfFlatScan(id: number, index: string, probes: number): OperatorNode {
    return new OperatorNode(id, OperatorType.IvfFlatScan, { details: { index, probes } });
  }

  static nestedLoopJoin(id: number): OperatorNode {
    return new OperatorNode(id, OperatorType.NestedLoopJoin);
  }

  static hashJoin(id: number, key: string): OperatorNode {
    return new OperatorNode(id, OperatorType.HashJoin, { details: { key } });
  }

  static mergeJoin(id: number, key: string): OperatorNode {
    return new OperatorNode(id, OperatorType.MergeJoin, { details: { key } });
  }

  static aggregate(id: number, functions: readonly string[]): OperatorNode {
    return new OperatorNode(id, OperatorType.Aggregate, { details: { functions } });
  }

  static groupBy(id: number, keys: readonly string[]): OperatorNode {
    return new OperatorNode(id, OperatorType.GroupBy, { details: { keys } });
  }

  static filter(id: number, predicate: string): OperatorNode {
    return new OperatorNode(id, OperatorType.Filter, { details: { predicate } });
  }

  static project(id: number, columns: readonly string[]): OperatorNode {
    return new OperatorNode(id, OperatorType.Project, { details: { columns } });
  }

  static sort(id: number, keys: readonly string[], descending = false): OperatorNode {
    return new OperatorNode(id, OperatorType.Sort, { details: { keys, descending } });
  }

  static limit(id: number, count: number): OperatorNode {
    return new OperatorNode(id, OperatorType.Limit, { details: { count } });
  }

  static vectorDistance(id: number, metric: string): OperatorNode {
    return new OperatorNode(id, OperatorType.VectorDistance, { details: { metric } });
  }

  static rerank(id: number, model: string): OperatorNode {
    return new OperatorNode(id, OperatorType.Rerank, { details: { model } });
  }

  static materialize(id: number): OperatorNode {
    return new OperatorNode(id, OperatorType.Materialize);
  }

  static result(id: number): OperatorNode {
    return new OperatorNode(id, OperatorType.Result);
  }
}

/** What {@link OperatorDetails} may hold: what JSON and the binary form keep as it is. */
function isDetail(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isText);
  return typeof value === 'boolean' || Number.isFinite(value) || isText(value);
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed();
