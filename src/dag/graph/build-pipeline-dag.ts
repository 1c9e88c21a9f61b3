// A pipeline as a graph: its stages as `explain()` names them, with what a run measured of them. Only the shape of both is
// known here, not the pipeline itself.
import { planError } from './errors.ts';
import { OperatorNode } from './operator-node.ts';
import type { OperatorDetails, OperatorFacts } from './operator-node.ts';
import { OperatorType } from './operator-type.ts';
import { QueryDag } from './query-dag.ts';

/** A stage of a pipeline, in the order of the rows: `PipelineExplanation.stages`. */
export interface PlannedStage {
  readonly name: string;
  readonly runs: string;
  readonly leg: number;
  readonly why?: string;
}

/** What a run measured of a stage: `PipelineProgress.stages`. */
export interface MeasuredStage {
  readonly name: string;
  /** Rows that it worked off. */
  readonly rows: number;
  /** Time spent working, summed over workers. */
  readonly busyMs: number;
  readonly workers: number;
}

const typesByName: Readonly<Record<string, OperatorType>> = {
  select: OperatorType.Project,
  'with-columns': OperatorType.Project,
  drop: OperatorType.Project,
  rename: OperatorType.Project,
  cast: OperatorType.Project,
  filter: OperatorType.Filter,
  sample: OperatorType.Filter,
  'drop-values': OperatorType.Filter,
  join: OperatorType.HashJoin,
  'join-on-time': OperatorType.MergeJoin,
  sort: OperatorType.Sort,
  group: OperatorType.GroupBy,
  'group-by': OperatorType.GroupBy,
  window: OperatorType.Aggregate,
  limit: OperatorType.Limit,
  'temporary-file': OperatorType.Materialize,
};

/**
 * A pipeline as a chain of operators, the source first: ids are the places of its stages. The first one reads, the last
 * one writes. A stage that was measured takes `serviceRate` rows a second with all its workers.
 * @param measured stages of a run, by name; those of one name are taken in their order
 * @throws RuvectorError `ERR_DAG_PLAN` for a plan without stages, or a figure that cannot be; it names the stage
 */
export function buildPipelineDag(
  stages: readonly PlannedStage[],
  measured: readonly MeasuredStage[] = [],
): QueryDag {
  if (stages.length === 0) throw planError('pipeline', 'stages', 'there is none');
  const dag = new QueryDag();
  const left = [...measured];
  const found = stages.map(({ name }) => {
    const at = left.findIndex((stage) => stage.name === name);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  });
  for (const [id, stage] of stages.entries()) {
    const facts = factsOf(found[id], found[id + 1]);
    const isLast = id > 0 && id === stages.length - 1;
    const type = id === 0 ? OperatorType.SeqScan : isLast ? OperatorType.Write : typeOf(stage.name);
    dag.addNode(new OperatorNode(id, type, { ...facts, details: detailsOfStage(stage) }));
    if (id > 0) dag.addEdge(id - 1, id);
  }
  return dag;
}

function typeOf(name: string): OperatorType {
  const key = name.trim().toLowerCase().replaceAll(' ', '-');
  return Object.hasOwn(typesByName, key) ? typesByName[key]! : OperatorType.Transform;
}

function detailsOfStage({ name, runs, leg, why }: PlannedStage): OperatorDetails {
  return { name, runs, leg, ...(why !== undefined && { why }) };
}

/** What a stage gives is what the next one worked off. */
function factsOf(stage: MeasuredStage | undefined, next: MeasuredStage | undefined): OperatorFacts {
  if (stage === undefined) return {};
  for (const fact of ['rows', 'busyMs', 'workers'] as const) {
    const value = stage[fact];
    if (Number.isFinite(value) && value >= 0) continue;
    throw planError('pipeline', stage.name, `its ${fact} is ${String(value)}, no number from 0 on`);
  }
  const { rows, busyMs, workers } = stage;
  const actualRows = next?.rows ?? rows;
  return {
    actualRows,
    exclusiveMs: busyMs / Math.max(1, workers),
    ...(rows > 0 && { selectivity: actualRows / rows }),
    ...(rows > 0 && busyMs > 0 && { serviceRate: (rows * 1000 * Math.max(1, workers)) / busyMs }),
  };
}
