// The settings of a pipeline file, tuned: the first rows of its source run through it into a file that is thrown away, a few
// times, before it runs for real. What was best is remembered in the home, by kind of job and hardware.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { partOf, systemCodeOf } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { makeFolder, writeNamed } from '../../files/index.ts';
import { openPipelineFile } from '../../pipeline/index.ts';
import type {
  ExplainedStage,
  PipelineFile,
  PipelineFileParts,
  PipelineFileSettings,
} from '../../pipeline/index.ts';
import { hardwareId } from '../../store/index.ts';
import {
  autotune,
  encodeTuneMemory,
  parseTuneMemory,
  rememberJob,
  signJob,
  untunableJobError,
} from '../../steer/index.ts';
import type { JobConfiguration, JobKnobs, TuneTrial, TrialRun, TuneResult } from '../../steer/index.ts';
import { createHomeRegistry } from './pipeline-registry.ts';

/** Options of {@link tunePipeline}. */
export interface TunePipelineOptions {
  readonly home: Home;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The most bytes that the output may have: its compression is chosen as well then. */
  readonly maxBytes?: number;
  readonly onTrial: (trial: TuneTrial) => void;
}

/** What tuning found, and how the file is opened with it. */
export interface TunedPipeline extends TuneResult {
  readonly settings: PipelineFileSettings;
  /** Rows of the source that each trial read, at most. */
  readonly sampleRows: number | null;
  readonly wasKnown: boolean;
}

/** Sources of batches that give the same rows again; those of plans do in any case. */
const repeatable = new Set(['sqlite', 'postgres', 'training-set']);
const batchSizes = [1024, 4096, 16_384, 65_536];
const MOST_WORKERS = 4;
/** A trial that is over sooner says little: the sample grows until it takes this long, or no longer gets larger. */
const LEAST_SECONDS = 0.5;
const FIRST_ROWS = 50_000;
const GROWTH = 4;
const MOST_ROWS = 50_000_000;

/**
 * @throws RuvectorError `ERR_STEER_TUNE` for a source that can be read once only, and where nothing can be set;
 * `ERR_STEER_STATE`; `ERR_PIPELINE_*`
 */
export async function tunePipeline(path: string, options: TunePipelineOptions): Promise<TunedPipeline> {
  const { home, signal, maxBytes, onTrial } = options;
  const bench = await openBench(path, options);
  try {
    const start = startOf(bench.parts, maxBytes);
    const knobs = findKnobs(bench, start);
    const { sampleRows, first } = await bench.growSample(start, maxBytes !== undefined);
    const signature = signJob({
      stages: bench.stages.map(({ name, runs, details }) => JSON.stringify([name, runs, details ?? null])),
      bytesPerRow: first.bytes === null ? null : first.bytes / Math.max(1, first.rows),
      selectivity: selectivityOf(first),
      hardwareId: hardwareId(),
    });
    const memoryPath = partOf(home, 'tuning.json');
    const jobs = await readMemory(memoryPath);
    const known = jobs.find((job) => job.signature === signature);
    const result = await autotune({
      knobs,
      cores: availableParallelism(),
      run: (configuration) => bench.run(configuration, sampleRows),
      onTrial,
      ...(maxBytes !== undefined && { maxBytesPerRow: maxBytes / Math.max(1, first.rows) }),
      ...(known && { warmStart: known.configuration }),
    });
    signal.throwIfAborted();
    const { configuration, speedup } = result;
    const job = { signature, hardwareId: hardwareId(), configuration, speedup };
    await makeFolder(home.root);
    await writeNamed(memoryPath, encodeTuneMemory(rememberJob(jobs, job)), 'the memory of tuning');
    return {
      ...result,
      settings: toSettings(configuration, start),
      sampleRows,
      wasKnown: known !== undefined,
    };
  } finally {
    await bench.close();
  }
}

/** A pipeline file that is run for measuring. */
interface TuneBench {
  readonly parts: PipelineFileParts;
  readonly stages: readonly ExplainedStage[];
  run(configuration: JobConfiguration, limitRows: number | null): Promise<TrialRun>;
  /** Finds out how many rows make a run that is long enough. @param isWhole all there are */
  growSample(
    start: JobConfiguration,
    isWhole: boolean,
  ): Promise<{ readonly sampleRows: number | null; readonly first: TrialRun }>;
  close(): Promise<void>;
}

async function openBench(path: string, { home, variables, signal }: TunePipelineOptions): Promise<TuneBench> {
  const withFile = async <T>(
    settings: PipelineFileSettings,
    act: (file: PipelineFile) => Promise<T>,
  ): Promise<T> => {
    await using registry = createHomeRegistry(home);
    const file = await openPipelineFile(path, { registry: registry.registry, variables, settings });
    try {
      return await act(file);
    } catch (error) {
      throw file.locate(error);
    }
  };
  const { parts, stages, first } = await withFile({}, async (file) => {
    const plan = await file.pipeline.plan(file.planOptions);
    const explained = await plan.explain();
    return { parts: file.parts, stages: explained.stages, first: explained.stages[0] };
  });
  if (first?.runs !== 'plan' && !repeatable.has(parts.source.use)) {
    throw untunableJobError(path, `its source "${parts.source.use}" cannot be read twice`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-tune-'));
  const target = join(folder, 'trial');
  const isFile = Object.hasOwn(parts.sink.table, 'path') && Object.hasOwn(parts.sink.table, 'compression');
  const run = async (configuration: JobConfiguration, limitRows: number | null): Promise<TrialRun> => {
    const settings = {
      ...toSettings(configuration, null),
      ...(limitRows !== null && { limitRows }),
      ...(isFile ? { sink: { path: target, ...codecOf(configuration) } } : { isDiscarded: true }),
    };
    return withFile(settings, async (file) => {
      const startMs = performance.now();
      const { progress } = await file.pipeline.run({ ...file.planOptions, ...file.runOptions, signal });
      const seconds = (performance.now() - startMs) / 1000;
      // A plan does not say what it read: all trials read the same rows.
      const rows = progress[0]?.rowsIn || progress.at(-1)?.rowsOut || limitRows || 1;
      return { rows, seconds, bytes: isFile ? await sizeOf(target) : null, legs: progress };
    });
  };
  return {
    parts,
    stages,
    run,
    growSample: (start, isWhole) => growSample((limit) => run(start, limit), isWhole),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function growSample(
  run: (limit: number | null) => Promise<TrialRun>,
  isWhole: boolean,
): Promise<{ readonly sampleRows: number | null; readonly first: TrialRun }> {
  // The first run also starts what later ones find started: it is not counted.
  await run(FIRST_ROWS);
  if (isWhole) return { sampleRows: null, first: await run(null) };
  let limit = FIRST_ROWS;
  let first = await run(limit);
  while (first.seconds < LEAST_SECONDS && limit < MOST_ROWS) {
    const larger = await run(limit * GROWTH);
    if (larger.rows <= first.rows) break;
    [limit, first] = [limit * GROWTH, larger];
  }
  return { sampleRows: limit, first };
}

/** The shipped default, with what the file says. A compression that nobody limits is left alone. */
function startOf({ batchRows, sink }: PipelineFileParts, maxBytes: number | undefined): JobConfiguration {
  const table = sink.table['compression'];
  const codec = (sink.options['compression'] ?? table?.default ?? null) as string | null;
  return { batchRows: batchRows ?? null, workers: null, codec: maxBytes === undefined ? null : codec };
}

function findKnobs(
  { parts, stages }: Pick<TuneBench, 'parts' | 'stages'>,
  start: JobConfiguration,
): JobKnobs {
  const hasBatches = stages.some(({ runs }) => runs !== 'plan');
  const hasWorkers =
    stages.some(({ runs }) => runs === 'worker') && parts.stages.some(({ workers }) => workers === undefined);
  const choices = parts.sink.table['compression']?.choices ?? [];
  const counts = Array.from({ length: Math.min(MOST_WORKERS, availableParallelism()) }, (_, at) => at + 1);
  // Without a size of its own, a pipeline cuts batches of 65,536 rows.
  const sizes = batchSizes.filter((size) => size !== (start.batchRows ?? 65_536));
  const knobs = {
    start,
    batchRows: hasBatches ? [start.batchRows, ...sizes] : [start.batchRows],
    workers: hasWorkers ? [start.workers, ...counts] : [start.workers],
    codecs:
      start.codec === null ? [null] : [start.codec, ...choices.filter((choice) => choice !== start.codec)],
  };
  if (knobs.batchRows.length + knobs.workers.length + knobs.codecs.length > 3) return knobs;
  throw untunableJobError(
    'pipeline',
    'all of it runs as one plan, which takes all cores by itself; only its compression could be chosen, with --max-bytes',
  );
}

const codecOf = ({ codec }: JobConfiguration): { readonly compression?: string } =>
  codec === null ? {} : { compression: codec };

function toSettings(configuration: JobConfiguration, start: JobConfiguration | null): PipelineFileSettings {
  const { batchRows, workers, codec } = configuration;
  return {
    ...(batchRows !== null && { batchRows }),
    ...(workers !== null && { workers }),
    ...(codec !== null && codec !== start?.codec && { sink: codecOf(configuration) }),
  };
}

function selectivityOf({ legs, rows }: TrialRun): number {
  const out = legs.at(-1)?.stages.at(-1)?.rows ?? rows;
  return out / Math.max(1, rows);
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}

async function readMemory(path: string): Promise<ReturnType<typeof parseTuneMemory>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return parseTuneMemory(text);
}
