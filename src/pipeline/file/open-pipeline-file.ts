// A pipeline from a file: read, checked, and put together with the builder.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Node } from 'yaml';
import { adviseOnReading, isRuvectorError, messageOf } from '../../core/index.ts';
import type { Sink } from '../contract.ts';
import { deadLetterError, pipelineFileError } from './errors.ts';
import { createMemoryBudget } from '../memory/budget.ts';
import type { AnySink, AnySource, AnyStage, StageOptions } from '../plan/pipeline-parts.ts';
import { isNativeSink } from '../plan/pipeline-parts.ts';
import { pipeline } from '../plan/pipeline.ts';
import type { Pipeline } from '../plan/pipeline.ts';
import type { PipelinePlanOptions } from '../plan/plan.ts';
import type { PipelineRunOptions } from '../plan/run-legs.ts';
import { makePart } from '../plugins/define-part.ts';
import type { PartEntry } from '../plugins/plugin-entry.ts';
import type { Registry } from '../plugins/registry.ts';
import {
  applySettings,
  createDiscardSink,
  describeParts,
  limitSource,
  pickBatchRows,
} from './file-settings.ts';
import type { PipelineFileParts, PipelineFileSettings } from './file-settings.ts';
import { readPipelineFile } from './read-pipeline-file.ts';
import type { DescribedPart, DescribedStage, FileDescription } from './read-pipeline-file.ts';

/** Options of {@link openPipelineFile}. */
export interface PipelineFileOptions {
  /** The parts there are; plugins of the file add theirs. */
  readonly registry: Registry;
  /** Values of variables, before the environment and the file's own. @default none */
  readonly variables?: Readonly<Record<string, string>>;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What is set otherwise than in the file. @default nothing */
  readonly settings?: PipelineFileSettings;
}

/** A pipeline that a file describes. */
export interface PipelineFile {
  readonly path: string;
  readonly pipeline: Pipeline;
  /** Settings of the file for `plan` and `run`. */
  readonly planOptions: PipelinePlanOptions;
  readonly runOptions: Pick<PipelineRunOptions, 'batch' | 'isOrdered'>;
  /** What it is put together from, for who tunes it. */
  readonly parts: PipelineFileParts;
  /** An error of planning or running with the place in the file that it is about, where that is known. */
  locate(error: unknown): unknown;
}

/**
 * Reads a file and puts its pipeline together. Nothing is opened yet but what plugins open when they are loaded.
 * @throws RuvectorError `ERR_PIPELINE_DESCRIPTION` with every mistake, each with file, line and column
 */
export async function openPipelineFile(path: string, options: PipelineFileOptions): Promise<PipelineFile> {
  const { registry, variables = {}, environment = process.env } = options;
  const folder = dirname(resolve(path));
  const text = await readText(path);
  const described = await readPipelineFile(text, {
    registry,
    folder,
    variables: { given: variables, environment },
  });
  const made = await makeParts(applySettings(described, options.settings), folder, options.settings);
  const problems = described.nodes.problems.map(
    ({ line, column, text: mistake }) => `${path}:${line}:${column}: ${mistake}`,
  );
  if (problems.length > 0 || made === null) throw pipelineFileError(path, problems);
  const { budgetMiB, batchRows, ordered } = { ...described.run, ...pickBatchRows(options.settings) } as {
    readonly [name in 'budgetMiB' | 'batchRows']?: number;
  } & { readonly ordered?: boolean };
  return {
    path,
    pipeline: made.pipeline,
    planOptions: budgetMiB === undefined ? {} : { budget: createMemoryBudget(budgetMiB * 2 ** 20) },
    runOptions: {
      ...(batchRows !== undefined && { batch: { rows: batchRows } }),
      ...(ordered !== undefined && { isOrdered: ordered }),
    },
    parts: describeParts(described),
    locate: (error) => locateError(path, described, made.places, error),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw pipelineFileError(path, [adviseOnReading(cause).state], cause);
  }
}

/** Where in the file each stage of a pipeline stands, by its name. */
type Places = ReadonlyMap<string, Node>;

async function makeParts(
  { nodes, source, stages, sink }: FileDescription,
  folder: string,
  { limitRows, isDiscarded = false }: PipelineFileSettings = {},
): Promise<{ readonly pipeline: Pipeline; readonly places: Places } | null> {
  const make = async <P>(part: DescribedPart | null): Promise<P | null> => {
    if (part === null) return null;
    const sources: Record<string, AnySource> = {};
    for (const [option, inner] of Object.entries(part.sources)) {
      const found = await make<AnySource>(inner);
      if (found) sources[option] = found;
    }
    try {
      return await makePart(part.entry as PartEntry<P>, part.options, { sources, folder });
    } catch (error) {
      nodes.note(part.node, messageOf(error));
      return null;
    }
  };
  const whole = await make<AnySource>(source);
  const from = whole && limitRows !== undefined ? limitSource(whole, limitRows) : whole;
  const through: {
    readonly stage: AnyStage;
    readonly options: StageOptions;
    readonly described: DescribedStage;
  }[] = [];
  for (const described of stages) {
    const stage = await make<AnyStage>(described.part);
    const name = unusedName(described, [source?.entry.name, ...through.map(({ options }) => options.name)]);
    const options = await readStageOptions(described, name, { make, nodes });
    if (stage && options) through.push({ stage, options, described });
  }
  const to = isDiscarded ? createDiscardSink() : await make<AnySink>(sink);
  if (!from || !to || nodes.problems.length > 0) return null;
  const places = new Map<string, Node>();
  let open = pipeline().from(from, { name: source!.entry.name });
  for (const { stage, options, described } of through) {
    open = open.through(stage, options);
    places.set(options.name!, described.part.node);
  }
  return { pipeline: open.to(to, { name: sink!.entry.name }), places };
}

type Make = <P>(part: DescribedPart | null) => Promise<P | null>;

/** As the builder would name it, so that an error finds its place. */
function unusedName({ name, part }: DescribedStage, taken: readonly (string | undefined)[]): string {
  const wanted = name ?? part.entry.name;
  let unused = wanted;
  for (let i = 2; taken.includes(unused); i++) unused = `${wanted} ${i}`;
  return unused;
}

async function readStageOptions(
  { workers, onError }: DescribedStage,
  name: string,
  { make, nodes }: { readonly make: Make; readonly nodes: FileDescription['nodes'] },
): Promise<StageOptions | null> {
  const options = { name };
  const counted = workers === undefined ? options : { ...options, workers };
  if (typeof onError === 'string') return { ...counted, onError };
  const sink = await make<AnySink>(onError);
  if (sink === null) return null;
  if (!isNativeSink(sink))
    return { ...counted, onError: { deadLetter: 'open' in sink ? openLate(sink) : sink } };
  nodes.note(onError.node, messageOf(deadLetterError(onError.entry.name)));
  return null;
}

/** Opens with the first batch that is dead: most runs have none. */
function openLate(sink: { open(): Promise<Sink> }): Sink {
  let opened: Promise<Sink> | null = null;
  return {
    consume: async (batch) => (await (opened ??= sink.open())).consume(batch),
    flush: async () => (await opened)?.flush(),
    memoryUsage: () => 0,
    finish: async () => (await opened)?.finish?.(),
    abort: async () => (await opened)?.abort?.(),
  };
}

function locateError(path: string, { nodes }: FileDescription, places: Places, error: unknown): unknown {
  if (!isRuvectorError(error)) return error;
  const node = places.get(String(error.details['stage']));
  if (!node) return error;
  const { line, column } = nodes.placeOf(node);
  return pipelineFileError(path, [`${path}:${line}:${column}: ${error.message}`], error);
}
