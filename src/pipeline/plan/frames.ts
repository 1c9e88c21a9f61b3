// A native source and its stages as frames: each partition for itself as long as stages look at one row at a time,
// all of them as one table behind that.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../core/index.ts';
import type { NativePartition, NativeSource, NativeStage } from '../contract.ts';
import { noPartitionError } from './errors.ts';
import { toReadError, toStageError } from './polars-errors.ts';
import { emptyOf } from './polars.ts';

/** A native source with what its stages read beside it. */
export interface OpenTables {
  readonly source: NativeSource;
  readonly partitions: readonly NativePartition[];
  /** The other tables of each stage that has any. */
  readonly inputs: ReadonlyMap<NativeStage, readonly LazyDataFrame[]>;
}

/** Opens what a plan reads. Tables that stages read beside it are held in memory when they would be read again. */
export async function openTables(source: NativeSource, stages: readonly NativeStage[]): Promise<OpenTables> {
  const partitions = await listPartitions(source);
  const inputs = new Map<NativeStage, readonly LazyDataFrame[]>();
  for (const stage of stages) {
    if (!stage.inputs) continue;
    const tables = await Promise.all(stage.inputs.map(openWhole));
    inputs.set(stage, partitions.length === 1 ? tables : await Promise.all(tables.map(hold)));
  }
  return { source, partitions, inputs };
}

/** Without rows it has one all the same: nothing else says which columns there are. */
export async function listPartitions(source: NativeSource): Promise<readonly NativePartition[]> {
  const partitions = await source.partitions();
  if (partitions.length === 0) throw noPartitionError(source.name);
  return partitions;
}

async function openWhole(source: NativeSource): Promise<LazyDataFrame> {
  const partitions = await listPartitions(source);
  return chainFrames(await Promise.all(partitions.map((partition) => openPartition(source, partition))));
}

const hold = async (frame: LazyDataFrame): Promise<LazyDataFrame> => (await frame.collect()).lazy();

const openPartition = (source: NativeSource, partition: NativePartition): Promise<LazyDataFrame> =>
  toReadError(source.name, () => partition.open());

/** One after the other: side by side they would be held at once. */
export function chainFrames(frames: readonly LazyDataFrame[]): LazyDataFrame {
  return frames.length === 1 ? frames[0]! : loadPolars().concat([...frames], { parallel: false });
}

/** Adds stages to a frame. @throws RuvectorError that names the stage and the column */
export function applyStages(
  frame: LazyDataFrame,
  stages: readonly NativeStage[],
  inputs: OpenTables['inputs'],
): LazyDataFrame {
  return stages.reduce((before, stage) => applyStage(before, stage, inputs), frame);
}

function applyStage(before: LazyDataFrame, stage: NativeStage, inputs: OpenTables['inputs']): LazyDataFrame {
  try {
    const after = stage.apply(before, inputs.get(stage));
    void after.columns; // Polars finds what does not fit when it is asked for the columns.
    return after;
  } catch (error) {
    throw toStageError(stage.name, before.columns, error);
  }
}

/** Stages in front of the first one that looks at more than a row, and those from there on. */
export function splitByScope(stages: readonly NativeStage[]): {
  readonly perRow: readonly NativeStage[];
  readonly whole: readonly NativeStage[];
} {
  const first = stages.findIndex(({ scope }) => scope !== 'row');
  const at = first < 0 ? stages.length : first;
  return { perRow: stages.slice(0, at), whole: stages.slice(at) };
}

/** Opens some partitions with the stages that look at one row at a time. */
export async function openPerRow(
  tables: OpenTables,
  partitions: readonly NativePartition[],
  perRow: readonly NativeStage[],
): Promise<LazyDataFrame> {
  const frames = await Promise.all(
    partitions.map(async (partition) =>
      applyStages(await openPartition(tables.source, partition), perRow, tables.inputs),
    ),
  );
  return chainFrames(frames);
}

/** The whole table behind all stages. */
export async function openTable(tables: OpenTables, stages: readonly NativeStage[]): Promise<LazyDataFrame> {
  const { perRow, whole } = splitByScope(stages);
  return applyStages(await openPerRow(tables, tables.partitions, perRow), whole, tables.inputs);
}

/** What reaches the end of the stages, without rows. */
export async function openEmpty(tables: OpenTables, stages: readonly NativeStage[]): Promise<LazyDataFrame> {
  const first = await openPartition(tables.source, tables.partitions[0]!);
  return applyStages(emptyOf(first), stages, tables.inputs);
}
