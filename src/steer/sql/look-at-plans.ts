// Looks at a template once for a few of its parameters: whether anything is against steering it, and which arms would
// run it differently. Costs a few EXPLAINs, beside the user's own statements.
import type { DagDocument } from '../../dag/index.ts';
import { defaultArm } from './arms.ts';
import { CatalogBusy } from './catalog.ts';
import type { SteeredCall, SteeredDatabase, SteeringArm } from './database.ts';
import { withoutConstants } from './plan-facts.ts';
import type { PlanFacts } from './plan-facts.ts';
import type { PassReason } from './statement-class.ts';
import type { SqlToken } from './sql-tokens.ts';
import type { TemplateEntry } from './template-entry.ts';

/** Parameters of a template that are looked at: plans of a template differ with them. */
export const mostLooks = 4;

/** An arm that the planner takes to be this much dearer is not tried where nothing can stop it. */
const DEAREST_UNSTOPPABLE = 20;

/** Costs that PostgreSQL before 18 adds for an operator that is switched off, and has to take after all. */
const DISABLED_COST = 1e10;

/** How to look. */
export interface LookOptions {
  readonly arms: readonly SteeringArm[];
  /** True when the user allows the plan to decide which rows come among equals. */
  readonly mayDecideOrder: boolean;
  /** True when queries by vector are steered by recall. */
  readonly mayBeNear: boolean;
}

/**
 * Writes what it finds into the entry.
 * @returns false when a transaction of the user's was in the way, and nothing was written
 */
export async function lookAtPlans(
  database: SteeredDatabase,
  entry: TemplateEntry,
  call: SteeredCall,
  tokens: readonly SqlToken[],
  parameters: string,
  options: LookOptions,
): Promise<boolean> {
  const explained = await database.explain(call, {});
  if (explained === null) return false;
  const plan = database.inspector.readPlan(explained);
  try {
    if (entry.lookedAt.length === 0) {
      const near =
        options.mayBeNear && plan.orderedIndex !== null
          ? await database.inspector.findVectorIndex(database, plan.orderedIndex)
          : null;
      entry.vector = near === null ? null : { tableRows: near, isFiltered: plan.isFiltered };
      entry.tables = await database.inspector.readTableStates(database, plan.tables);
      entry.pass =
        objectToPlan(plan) ??
        (await database.inspector.findObjection(
          database,
          tokens,
          plan,
          options.mayDecideOrder || near !== null,
        ));
    }
    if (entry.pass === null && !entry.vector) await addArms(database, entry, call, plan, options.arms);
  } catch (error) {
    if (error instanceof CatalogBusy) return false;
    throw error;
  }
  entry.plan = maskConstants(plan.dag.toJSON());
  entry.features = featuresOf(plan);
  entry.lookedAt.push(parameters);
  return true;
}

/** What plans of statements have that do more than read tables. */
function objectToPlan({ nodeTypes, schemas }: PlanFacts): PassReason | null {
  if (nodeTypes.includes('ModifyTable')) return 'write';
  if (nodeTypes.includes('LockRows')) return 'locks-rows';
  if (nodeTypes.includes('Sample Scan')) return 'volatile';
  return schemas.includes('pg_catalog') || schemas.includes('information_schema') ? 'catalog' : null;
}

async function addArms(
  database: SteeredDatabase,
  entry: TemplateEntry,
  call: SteeredCall,
  plan: PlanFacts,
  arms: readonly SteeringArm[],
): Promise<void> {
  const seen = new Set([plan.signature]);
  entry.costs[defaultArm] = plan.cost;
  for (const { name, settings } of arms) {
    if (name === defaultArm) continue;
    const explained = await database.explain(call, settings);
    if (explained === null) throw new CatalogBusy();
    const other = database.inspector.readPlan(explained);
    if (seen.has(other.signature)) continue;
    seen.add(other.signature);
    entry.costs[name] = other.cost;
    if (!isHopeless(database, plan, other) && !entry.arms.includes(name)) entry.arms.push(name);
  }
}

/** Costs that hold the penalty of older releases say nothing. */
function isHopeless({ canInterrupt }: SteeredDatabase, plan: PlanFacts, other: PlanFacts): boolean {
  if (canInterrupt || other.cost >= DISABLED_COST) return false;
  return other.cost > DEAREST_UNSTOPPABLE * Math.max(plan.cost, 100);
}

/** What is kept holds no value of the user's. */
function maskConstants(document: DagDocument): DagDocument {
  const mask = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(mask) : withoutConstants(value);
  const nodes = document.nodes.map((node) => ({
    ...node,
    details: Object.fromEntries(
      Object.entries(node.details).map(([name, value]) => [name, mask(value)]),
    ) as typeof node.details,
  }));
  return { ...document, nodes };
}

function featuresOf({ cost, rows, nodeTypes, tables }: PlanFacts): number[] {
  const joins = nodeTypes.filter((type) => /Join|Nested Loop/.test(type)).length;
  return [Math.log1p(cost), Math.log1p(rows), joins, tables.length];
}
