// An operator of EXPLAIN (FORMAT JSON) with its numbers, and how often the planner expects it to run for each run of
// the one above it. https://www.postgresql.org/docs/current/sql-explain.html
import type { PlanFields } from './draft.ts';

/** An operator as EXPLAIN says it: numbers are per loop, and include what stands below. */
export interface PostgresNode {
  /** Where it stands, with its name, e.g. `Plan.Plans[1] (Hash Join)`. */
  readonly place: string;
  readonly name: string;
  readonly fields: PlanFields;
  readonly above: PostgresNode | null;
  /** `Outer`, `Inner`, `InitPlan`, `SubPlan`, `Member`, `Subquery`; empty for the first. */
  readonly relationship: string;
  readonly below: PostgresNode[];
  readonly totalCost: number | undefined;
  readonly planRows: number | undefined;
  readonly totalMs: number | undefined;
  readonly actualRows: number | undefined;
  /** Summed over all processes; undefined without ANALYZE. */
  readonly loops: number | undefined;
}

/** What multiplies rows and costs of an operator. */
export interface PlannedRuns {
  /** Runs for one run of the query. */
  readonly rows: number;
  /** What its cost is multiplied by in the cost of the operator above. */
  readonly cost: number;
}

/** What {@link planRuns} looks at. */
export interface Planned {
  readonly name: string;
  readonly relationship: string;
  readonly planRows: number | undefined;
  readonly fields: PlanFields;
  readonly below: readonly Planned[];
}

/** @param aboveRuns runs of `above`; @param outerRuns runs of what stands above that */
export function planRuns(above: Planned, node: Planned, aboveRuns: number, outerRuns: number): PlannedRuns {
  const { relationship } = node;
  if (relationship === 'InitPlan') return { rows: 1, cost: 1 / aboveRuns };
  if (relationship === 'SubPlan') return runsOfSubPlan(above, node, aboveRuns);
  if (above.name === 'Nested Loop' && relationship === 'Inner') {
    const outer = above.below.find((other) => other.relationship === 'Outer');
    const times = Math.max(1, outer?.planRows ?? 1);
    // Its input runs once, whatever the number of times it is read.
    return { rows: aboveRuns * times, cost: node.name === 'Materialize' ? 1 : times };
  }
  if (above.name === 'Materialize') return { rows: outerRuns, cost: 1 };
  // The planner reckons with ten rounds.
  if (above.name === 'Recursive Union' && relationship === 'Inner') return { rows: aboveRuns * 10, cost: 10 };
  if (above.name.startsWith('Gather')) return { rows: aboveRuns * divisorOf(above.fields), cost: 1 };
  return { rows: aboveRuns, cost: 1 };
}

function runsOfSubPlan(above: Planned, node: Planned, aboveRuns: number): PlannedRuns {
  const hashed = `hashed ${String(node.fields['Subplan Name'])}`;
  const isHashed = textsOf(above.fields).some((text) => text.includes(hashed));
  const times = isHashed ? 1 : Math.max(1, above.planRows ?? 1);
  return { rows: aboveRuns * times, cost: times };
}

/** Rows of a partial plan are those of one process; the first process helps less, the more workers it has to read from. */
function divisorOf(fields: PlanFields): number {
  const planned = fields['Workers Planned'];
  const workers = typeof planned === 'number' ? planned : 0;
  return workers + Math.max(0, 1 - 0.3 * workers) || 1;
}

/** All texts of an operator: predicates, keys, output. */
export function textsOf(fields: PlanFields): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (name === 'Subplan Name') return [];
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values.filter((text) => typeof text === 'string');
  });
}
