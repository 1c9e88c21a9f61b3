// What a pipeline is put together from, and which of it a plan can run by itself.
import type { ErrorPolicy, NativeSink, NativeSource, NativeStage, Sink, Source, Transform } from '../contract.ts';
import type { TransformFunction, TransformStage } from '../run/run-contract.ts';

/** A source; one that is opened when the run begins has a name of its own. */
export type AnySource = NativeSource | Source | OpenableSource;

/** A source that is not opened before the pipeline runs. */
export interface OpenableSource {
  readonly name: string;
  open(): Promise<Source>;
}

/** A stage: a plan's, a transform of batches, or a transform with its name, workers and error policy. */
export type AnyStage = NativeStage | Transform | TransformFunction | TransformStage;

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
  readonly stage: NativeStage | TransformStage;
}

export const isNativeSource = (source: AnySource): source is NativeSource => 'partitions' in source;
export const isNativeSink = (sink: AnySink): sink is NativeSink => 'append' in sink;
export const isNativeStage = (stage: AnyStage | PlacedStage['stage']): stage is NativeStage =>
  'apply' in stage && 'scope' in stage;

/** Gives a stage its place, with a name that no other has. */
export function placeStage(stage: AnyStage, options: StageOptions, taken: readonly string[]): PlacedStage {
  const name = unusedName(options.name ?? nameOf(stage), taken);
  if (isNativeStage(stage)) return { name, stage: renamed(stage, name) };
  const isBare = typeof stage === 'function' || 'schema' in stage;
  const { onError, workers } = options;
  return {
    name,
    stage: {
      ...(isBare ? { transform: stage } : stage),
      name,
      ...(onError && { onError }),
      ...(workers !== undefined && { workers }),
    },
  };
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
    apply: (frame, tables) => stage.apply(frame, tables),
    ...(stage.learn && { learn: async (frame) => renamed(await stage.learn!(frame), name) }),
  };
}
