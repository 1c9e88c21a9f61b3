// One pipeline of a file, run, explained or planned for the command line.
import type {
  Estimate,
  PipelineExplanation,
  PipelineFile,
  PipelineProgress,
  StageStats,
} from '../../pipeline/index.ts';
import { renderStages } from '../../pipeline/index.ts';
import { startProgress } from '../../client/index.ts';
import { abortOnSignals, formatBytes, formatSeconds } from '../terminal.ts';

/** How a run went. */
export interface PipelineReport {
  readonly file: string;
  readonly seconds: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly stages: readonly StageStats[];
  readonly notes: readonly string[];
}

/** Runs it, with a picture of its stages or a bar on a terminal. @throws RuvectorError `ERR_PIPELINE_*` */
export async function runPipeline(file: PipelineFile, isWatched: boolean): Promise<PipelineReport> {
  using stop = abortOnSignals();
  using view = isWatched && process.stderr.isTTY ? startPicture() : startBar();
  const startMs = performance.now();
  const { progress, notes } = await file.pipeline.run({
    ...file.planOptions,
    ...file.runOptions,
    signal: stop.signal,
    onProgress: (now) => view.show(now),
  });
  return {
    file: file.path,
    seconds: (performance.now() - startMs) / 1000,
    rowsIn: progress[0]?.rowsIn ?? 0,
    rowsOut: progress.at(-1)?.rowsOut ?? 0,
    stages: progress.flatMap(({ stages }) => stages),
    notes,
  };
}

interface View extends Disposable {
  show(progress: PipelineProgress): void;
}

function startBar(): View {
  const bar = startProgress('running', 1);
  return {
    show: ({ rowsIn, totalRows, rowsPerSecond, etaSeconds, finishing }) => {
      const time = etaSeconds === null ? '' : `, ${formatSeconds(etaSeconds)} left`;
      const left = finishing === null ? time : `, ${finishing}`;
      const note = `${rowsIn.toLocaleString('en')} rows, ${Math.round(rowsPerSecond).toLocaleString('en')} rows/s${left}`;
      bar.update(totalRows ? rowsIn / totalRows : 0, note);
    },
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  };
}

/** Draws over what it drew before; the last picture stays. */
function startPicture(): View {
  let drawn = 0;
  return {
    show: (progress) => {
      const lines = renderStages(progress);
      const up = drawn > 0 ? `\u001B[${drawn}A\u001B[J` : '';
      process.stderr.write(`${up}${lines.join('\n')}\n`);
      drawn = lines.length;
    },
    [Symbol.dispose]: () => {},
  };
}

/** Which stage runs where and why. */
export async function explainPipeline(file: PipelineFile, optimized: boolean): Promise<PipelineExplanation> {
  const plan = await file.pipeline.plan(file.planOptions);
  return plan.explain({ optimized });
}

/** What a run would do. */
export interface PlanDescription {
  readonly file: string;
  readonly stages: PipelineExplanation['stages'];
  readonly estimate: Estimate | null;
  readonly text: string;
}

/** Plans it. @param isDry looks at some rows for an estimate */
export async function describePipelinePlan(file: PipelineFile, isDry: boolean): Promise<PlanDescription> {
  const plan = await file.pipeline.plan({ ...file.planOptions, dryRun: isDry });
  const { stages, text } = await plan.explain();
  const lines = [`${file.path} can run`, text, ...(isDry ? describeEstimate(plan.estimate) : [])];
  return { file: file.path, stages, estimate: plan.estimate, text: lines.join('\n') };
}

function describeEstimate(estimate: Estimate | null): string[] {
  if (estimate === null) return ['no estimate: no plan reads this source'];
  const count = (value: number | null): string => (value === null ? 'unknown' : value.toLocaleString('en'));
  const { rowsIn, rowsOut, bytesOut, sampledRows } = estimate;
  return [
    `rows of the source, at most: ${count(rowsIn)}`,
    `rows out: ${count(rowsOut)}`,
    `as Arrow: ${bytesOut === null ? 'unknown' : formatBytes(bytesOut)}`,
    `read for this: ${count(sampledRows)} rows`,
  ];
}
