// What a run says of others: useful time a row of each stage, from its meters, gives the rate that so many workers on so many
// cores can reach (the bottleneck law, with the cores as one more stage that all share). Waiting time is no part of it.
import { buildPipelineDag, DagMinCutEngine } from '../../dag/index.ts';
import type { MeasuredLeg, PlannedStage } from '../../dag/index.ts';
import type { JobConfiguration } from './configuration.ts';

/** What a run of a job measured. */
export interface TrialRun {
  readonly rows: number;
  readonly seconds: number;
  /** Of the output; null where nobody knows. */
  readonly bytes: number | null;
  /** Stages by leg, as `PipelineResult.progress` has them. Empty when the run was not metered. */
  readonly legs: readonly MeasuredLeg[];
}

/** Which stage holds a run back. */
export interface StageBottleneck {
  readonly stage: string;
  /** 1-based. */
  readonly leg: number;
  /** Rows of the source a second it lets through. */
  readonly rowsPerSecond: number;
  /** Share of the run that its leg took. */
  readonly share: number;
}

/** The stage a run waits for: of the leg that took longest, the one that its min cut goes through. Null without meters. */
export function findStageBottleneck(legs: readonly MeasuredLeg[]): StageBottleneck | null {
  const costs = legs.map((leg) => Math.max(0, ...leg.stages.map(timeOf)));
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const longest = costs.indexOf(Math.max(...costs));
  const leg = legs[longest];
  if (!leg || total <= 0) return null;
  // Each leg is a chain of its own: what the others do has no part in its flow.
  const planned = leg.stages.map(({ name }): PlannedStage => ({ name, runs: 'batches', leg: 1 }));
  const dag = buildPipelineDag(planned, [leg]);
  const { bottlenecks } = new DagMinCutEngine({ emitSignals: false }).analyzeBottlenecks(dag, {
    flow: 'conjunctive',
  });
  const cut = bottlenecks[0];
  if (cut === undefined || cut.cutNodes.length === 0) return null;
  return {
    stage: leg.stages[cut.cutNodes[0]!]!.name,
    leg: longest + 1,
    rowsPerSecond: cut.capacity,
    share: costs[longest]! / total,
  };
}

const timeOf = ({ busyMs, workers }: MeasuredLeg['stages'][number]): number => busyMs / Math.max(1, workers);

/**
 * Seconds that a run would take with other workers, from one that was metered. Legs follow each other; in each of them the
 * slowest stage decides, or the cores when the stages together need more than there are.
 */
export function predictSeconds(
  run: TrialRun,
  {
    from,
    to,
    cores,
  }: { readonly from: JobConfiguration; readonly to: JobConfiguration; readonly cores: number },
): number {
  const measured = run.legs.reduce((sum, leg) => sum + legSeconds(leg, null, cores), 0);
  if (!(measured > 0)) return run.seconds;
  const predicted = run.legs.reduce((sum, leg) => sum + legSeconds(leg, { from, to }, cores), 0);
  // What no stage accounts for (opening, starting threads) stays.
  return Math.max(0, run.seconds - measured) + predicted;
}

function legSeconds(
  { stages }: MeasuredLeg,
  change: { readonly from: JobConfiguration; readonly to: JobConfiguration } | null,
  cores: number,
): number {
  let [slowest, work] = [0, 0];
  for (const stage of stages) {
    const busy = stage.busyMs / 1000;
    const usual = Math.max(1, stage.workers);
    // Only transforms have workers; a stage that kept to one had no choice.
    const workers =
      change && stage.kind === 'transform'
        ? Math.min(cores, change.to.workers ?? usual)
        : Math.min(cores, usual);
    slowest = Math.max(slowest, busy / workers);
    work += busy;
  }
  return Math.max(slowest, work / cores);
}
