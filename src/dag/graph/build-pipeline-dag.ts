// A pipeline as a graph: its stages as `explain()` names them, with what a run measured of them. Only the shape of both is
// known here, not the pipeline itself.
import { detailsOf } from './draft.ts';
import { planError } from './errors.ts';
import { OperatorNode } from './operator-node.ts';
import type { OperatorFacts } from './operator-node.ts';
import { OperatorType } from './operator-type.ts';
import { QueryDag } from './query-dag.ts';

/** A stage of a pipeline, in the order of the rows: `PipelineExplanation.stages`. */
export interface PlannedStage {
  readonly name: string;
  /** `plan`, `batches` or `worker`. */
  readonly runs: string;
  /** Legs run one after the other. */
  readonly leg: number;
  readonly why?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a run measured of a leg: an entry of `PipelineResult.progress`. */
export interface MeasuredLeg {
  readonly stages: readonly MeasuredStage[];
}

/** What a run measured of a stage, or of all stages of a leg that are one plan. */
export interface MeasuredStage {
  readonly name: string;
  /** A source counts the rows that it gives, the others those that they take. */
  readonly kind: string;
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
 * A pipeline as a chain of operators, the source first: ids are the places of its stages. A stage that was measured takes
 * `serviceRate` rows a second with all its workers. Of stages that are one plan the last one has the time of all.
 * @param legs what a run of it measured
 * @throws RuvectorError `ERR_DAG_PLAN` for a plan without stages, or a figure that cannot be; it names the stage
 */
export function buildPipelineDag(
  stages: readonly PlannedStage[],
  legs: readonly MeasuredLeg[] = [],
): QueryDag {
  if (stages.length === 0) throw planError('pipeline', 'stages', 'there is none');
  const dag = new QueryDag();
  const facts = measureStages(stages, legs);
  for (const [id, stage] of stages.entries()) {
    const isLast = id > 0 && id === stages.length - 1;
    const type = id === 0 ? OperatorType.SeqScan : isLast ? OperatorType.Write : typeOf(stage.name);
    const { details: fields = {}, name, runs, leg, why } = stage;
    const details = detailsOf({ ...fields, name, runs, leg, why }, nameDetail);
    dag.addNode(new OperatorNode(id, type, { ...facts.get(stage), details }));
    if (id > 0) dag.addEdge(id - 1, id);
  }
  return dag;
}

/** The second stage of a name has a number behind it. */
function typeOf(name: string): OperatorType {
  const key = name.replace(/ \d+$/, '').toLowerCase().replaceAll(' ', '-');
  return Object.hasOwn(typesByName, key) ? typesByName[key]! : OperatorType.Transform;
}

const detailNames: Readonly<Record<string, string>> = { condition: 'predicate', expressions: 'columns' };
const nameDetail = (field: string): string =>
  Object.hasOwn(detailNames, field) ? detailNames[field]! : field;

function measureStages(
  stages: readonly PlannedStage[],
  legs: readonly MeasuredLeg[],
): Map<PlannedStage, OperatorFacts> {
  const facts = new Map<PlannedStage, OperatorFacts>();
  legs.forEach((leg, at) => {
    const planned = stages.filter((stage) => stage.leg === at + 1);
    leg.stages.forEach((measured, place) => {
      const stage =
        planned.find(({ name }) => name === measured.name) ?? planned.findLast(({ runs }) => runs === 'plan');
      if (stage) facts.set(stage, factsOf(measured, leg.stages[place + 1]));
    });
  });
  return facts;
}

/** What a stage gives is what the next one takes. */
function factsOf(stage: MeasuredStage, next: MeasuredStage | undefined): OperatorFacts {
  for (const fact of ['rows', 'busyMs', 'workers'] as const) {
    const value = stage[fact];
    if (Number.isFinite(value) && value >= 0) continue;
    throw planError('pipeline', stage.name, `its ${fact} is ${String(value)}, no number from 0 on`);
  }
  const { kind, rows, busyMs } = stage;
  const workers = Math.max(1, stage.workers);
  const actualRows = kind === 'source' ? rows : (next?.rows ?? rows);
  const serviceRate = (rows * 1000 * workers) / busyMs;
  return {
    actualRows,
    exclusiveMs: busyMs / workers,
    ...(rows > 0 && kind !== 'source' && { selectivity: actualRows / rows }),
    ...(rows > 0 && Number.isFinite(serviceRate) && { serviceRate }),
  };
}
