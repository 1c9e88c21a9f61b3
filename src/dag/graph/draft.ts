// What readers of plans have in common: operators that are put together input by input, what follows from what was
// measured, and checks of plans that may come from anywhere.
import { planError } from './errors.ts';
import { OperatorNode } from './operator-node.ts';
import type { OperatorDetails, OperatorFacts } from './operator-node.ts';
import type { OperatorType } from './operator-type.ts';
import { QueryDag } from './query-dag.ts';

/** An operator of a plan that is read. */
export interface DraftOperator {
  readonly type: OperatorType;
  readonly facts: OperatorFacts;
  readonly details: OperatorDetails;
  /** Where its rows come from. */
  readonly inputs: readonly DraftOperator[];
  /** Rows that it looked at. @default those of its inputs, or its own where it has none */
  readonly takenRows?: number | undefined;
}

/** Nobody plans deeper; a plan that is deeper would overflow the stack of who walks it. */
export const mostLevels = 500;

/** The graph of drafts: inputs get the lower ids and come first. */
export function buildDagOf(roots: readonly DraftOperator[]): QueryDag {
  const dag = new QueryDag();
  const ids = new Map<DraftOperator, number>();
  const open = new Set<DraftOperator>();
  const add = (draft: DraftOperator): void => {
    if (ids.has(draft) || open.has(draft)) return;
    open.add(draft);
    draft.inputs.forEach(add);
    ids.set(draft, dag.nodeCount);
    const facts = { ...draft.facts, ...measuredRates(draft) };
    dag.addNode(new OperatorNode(dag.nodeCount, draft.type, { ...facts, details: draft.details }));
  };
  roots.forEach(add);
  for (const [draft, id] of ids) for (const input of draft.inputs) dag.addEdge(ids.get(input)!, id);
  return dag;
}

/** Rows it can take a second, and gives for each it takes, as far as a run has shown that. */
function measuredRates({ facts, inputs, takenRows }: DraftOperator): OperatorFacts {
  const { actualRows, exclusiveMs } = facts;
  if (actualRows === undefined) return {};
  const given = inputs.reduce((sum, input) => sum + (input.facts.actualRows ?? NaN), 0);
  const taken = takenRows ?? (inputs.length > 0 ? given : actualRows);
  if (!(taken > 0)) return {};
  const serviceRate = exclusiveMs === undefined ? NaN : (taken * 1000) / exclusiveMs;
  return {
    selectivity: actualRows / taken,
    ...(Number.isFinite(serviceRate) && { serviceRate }),
  };
}

/** Fields of an operator in a plan. */
export type PlanFields = Readonly<Record<string, unknown>>;

/** Says whose plan it is in errors. */
export class PlanChecks {
  readonly #format: string;

  constructor(format: string) {
    this.#format = format;
  }

  error(place: string, state: string): Error {
    return planError(this.#format, place, state);
  }

  /** Text as JSON; what a driver has parsed already as it is. */
  fromText(plan: unknown): unknown {
    if (typeof plan !== 'string') return plan;
    try {
      return JSON.parse(plan);
    } catch {
      throw this.error('document', 'it is no JSON');
    }
  }

  object(place: string, value: unknown): PlanFields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as PlanFields;
    throw this.error(place, `it is ${Array.isArray(value) ? 'a list' : String(value)}, no object`);
  }

  /** A list of operators below one; none where nothing stands. */
  list(place: string, value: unknown): readonly unknown[] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    throw this.error(place, `it is ${typeof value}, no list`);
  }

  /** A number from 0 on, or nothing where nothing stands. */
  number(place: string, fields: PlanFields, name: string): number | undefined {
    const value = fields[name];
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number;
    throw this.error(place, `its "${name}" is ${show(value)}, no number from 0 on`);
  }

  level(place: string, depth: number): void {
    if (depth > mostLevels) throw this.error(place, `operators are nested deeper than ${mostLevels} levels`);
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : value === null ? 'null' : `a ${typeof value}`;
}

/** What of an operator's fields can be kept as details. @param nameOf null leaves a field out */
export function detailsOf(
  fields: PlanFields,
  nameOf: (name: string, value: unknown) => string | null,
): OperatorDetails {
  const kept = Object.entries(fields).flatMap(([field, value]): [string, OperatorDetails[string]][] => {
    const name = nameOf(field, value);
    const detail = toDetail(value);
    return name === null || detail === undefined ? [] : [[name, detail]];
  });
  return Object.fromEntries(kept);
}

function toDetail(value: unknown): OperatorDetails[string] | undefined {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'boolean' || Number.isFinite(value)) return value as boolean | number;
  const isTexts = Array.isArray(value) && value.every((text) => typeof text === 'string');
  return isTexts ? value.map((text: string) => text.toWellFormed()) : undefined;
}
