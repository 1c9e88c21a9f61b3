// What a pipeline is put together from, and which of it a plan can run by itself.
import type * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';
import { RuvectorError } from '../../core/index.ts';
import type {
  ErrorPolicy,
  MemoryBudget,
  NativeSink,
  NativeSource,
  NativeStage,
  Sink,
  Source,
  Transform,
} from '../contract.ts';
import { renamedStageError } from './errors.ts';
import type { TransformFunction, TransformStage } from '../run/run-contract.ts';

/** A source; one that is opened when the run begins has a name of its own. */
export type AnySource = NativeSource | Source | OpenableSource;

/** A source that is not opened before the pipeline runs. */
export interface OpenableSource {
  readonly name: string;
  open(): Promise<Source>;
}

/** A transform that is made once the columns that reach it are known, such as one that workers load. */
export interface OpenableTransform {
  readonly name: string;
  /** True when it is not computed in this thread. */
  readonly runsInWorkers?: boolean;
  /** Called once a run. The transform is closed with the run. */
  open(input: arrow.Schema, run: OpeningRun): Promise<OpenedTransform>;
}

/** What a transform may need of the run that it is opened for. */
export interface OpeningRun {
  readonly budget: MemoryBudget;
  readonly signal: AbortSignal;
}

export type OpenedTransform = Pick<TransformStage, 'transform' | 'workers'>;

/** A stage: a plan's, a transform of batches, or a transform with its name, workers and error policy. */
export type AnyStage = NativeStage | Transform | TransformFunction | TransformStage | OpenableTransform;

/** A transform to be opened, in its place. */
export type OpenableStage = OpenableTransform & Pick<TransformStage, 'onError' | 'workers'>;

/** A sink; one that is opened when the run begins has a name of its own. */
export type AnySink = NativeSink | Sink | OpenableSink;

/** A sink that is not opened before the pipeline runs. */
export interface OpenableSink {
  readonly name: string;
  open(): Promise<Sink>;
}

/** How one stage is called and run. */
export interface StageOptions {
  /** @default the stage's own name, or `transform` */
  readonly name?: string;
  /** @default 'fail' */
  readonly onError?: ErrorPolicy;
  /** Most calls under way at once; of stages of batches only. @default 1 */
  readonly workers?: number;
}

/** A stage in its place. */
export interface PlacedStage {
  /** Of all stages of a pipeline different. */
  readonly name: string;
  readonly stage: NativeStage | TransformStage | OpenableStage;
}

export const isOpenable = (stage: TransformStage | OpenableStage): stage is OpenableStage => 'open' in stage;
export const isNativeSource = (source: AnySource): source is NativeSource => 'partitions' in source;
export const isNativeSink = (sink: AnySink): sink is NativeSink => 'append' in sink;
export const isNativeStage = (stage: AnyStage | PlacedStage['stage']): stage is NativeStage =>
  'apply' in stage && 'scope' in stage;

/** Gives a stage its place, with a name that no other has. */
export function placeStage(stage: AnyStage, options: StageOptions, taken: readonly string[]): PlacedStage {
  const name = unusedName(options.name ?? nameOf(stage), taken);
  if (isNativeStage(stage)) return { name, stage: renamed(stage, name) };
  const { onError, workers } = options;
  const place = { name, ...(onError && { onError }), ...(workers !== undefined && { workers }) };
  if (typeof stage === 'function' || 'schema' in stage)
    return { name, stage: { ...place, transform: stage } };
  if (!('open' in stage)) return { name, stage: { ...stage, ...place } };
  const { runsInWorkers = false } = stage;
  return { name, stage: { ...place, runsInWorkers, open: (input, run) => stage.open(input, run) } };
}

function nameOf(stage: AnyStage): string {
  return (typeof stage !== 'function' && 'name' in stage ? stage.name : '') || 'transform';
}

function unusedName(name: string, taken: readonly string[]): string {
  let unused = name;
  for (let i = 2; taken.includes(unused); i++) unused = `${name} ${i}`;
  return unused;
}

/** The same stage under another name, also once it has learned. */
function renamed(stage: NativeStage, name: string): NativeStage {
  if (stage.name === name) return stage;
  const { scope, holdsRows, details, inputs, learnsFrom, rowsDecideColumns } = stage;
  return {
    name,
    scope,
    ...(holdsRows !== undefined && { holdsRows }),
    ...(details && { details }),
    ...(inputs && { inputs }),
    ...(learnsFrom && { learnsFrom }),
    ...(rowsDecideColumns && { rowsDecideColumns }),
    apply: (frame, tables) => {
      try {
        return stage.apply(frame, tables);
      } catch (error) {
        throw inItsName(stage.name, name, error);
      }
    },
    ...(stage.learn && { learn: (frame) => learnRenamed(stage, name, frame) }),
  };
}

async function learnRenamed(stage: NativeStage, name: string, frame: LazyDataFrame): Promise<NativeStage> {
  try {
    return renamed(await stage.learn!(frame), name);
  } catch (error) {
    throw inItsName(stage.name, name, error);
  }
}

/** Errors name a stage by its place: which of two filters it is. */
const inItsName = (own: string, name: string, error: unknown): unknown =>
  error instanceof RuvectorError && error.details['stage'] === own
    ? renamedStageError(error, own, name)
    : error;
