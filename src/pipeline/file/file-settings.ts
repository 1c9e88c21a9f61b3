// A pipeline file with some of it set otherwise, for a run that measures: fewer rows, another file, other batches.
import type { OptionTable } from '../../core/index.ts';
import type { NativeSource, Sink, Source } from '../contract.ts';
import { isNativeSource } from '../plan/pipeline-parts.ts';
import type { AnySource } from '../plan/pipeline-parts.ts';
import type { PartOptions } from '../plugins/plugin-entry.ts';
import type { FileDescription } from './read-pipeline-file.ts';

/** What is set otherwise than in the file. */
export interface PipelineFileSettings {
  /** Rows of a batch. */
  readonly batchRows?: number;
  /** Of the stages that do not say how many. */
  readonly workers?: number;
  /** Options of the sink that take the place of the file's. */
  readonly sink?: PartOptions;
  /** The source ends after so many rows, or soon after. */
  readonly limitRows?: number;
  /** True: rows end nowhere; the sink of the file is not touched. */
  readonly isDiscarded?: boolean;
}

/** What a file is put together from. */
export interface PipelineFileParts {
  readonly source: { readonly use: string; readonly options: PartOptions };
  readonly stages: readonly {
    readonly use: string;
    readonly options: PartOptions;
    readonly workers: number | undefined;
  }[];
  readonly sink: { readonly use: string; readonly options: PartOptions; readonly table: OptionTable };
  /** Rows of a batch, where the file says how many. */
  readonly batchRows: number | undefined;
}

/** Of a description without mistakes. */
export function describeParts({ source, stages, sink, run }: FileDescription): PipelineFileParts {
  return {
    source: { use: source!.entry.name, options: source!.options },
    stages: stages.map(({ part, workers }) => ({ use: part.entry.name, options: part.options, workers })),
    sink: { use: sink!.entry.name, options: sink!.options, table: sink!.entry.options },
    batchRows: run['batchRows'] as number | undefined,
  };
}

/** The same file, its sink and the workers of its stages set otherwise. */
export function applySettings(
  described: FileDescription,
  { workers, sink }: PipelineFileSettings = {},
): FileDescription {
  return {
    ...described,
    stages: described.stages.map((stage) => ({ ...stage, workers: stage.workers ?? workers })),
    sink: described.sink && { ...described.sink, options: { ...described.sink.options, ...sink } },
  };
}

/** As an option of `run`. */
export const pickBatchRows = ({ batchRows }: PipelineFileSettings = {}): PartOptions =>
  batchRows === undefined ? {} : { batchRows };

/** The first rows of a source. */
export function limitSource(source: AnySource, rows: number): AnySource {
  if (isNativeSource(source)) return limitNative(source, rows);
  if (!('open' in source)) return limitBatches(source, rows);
  return { name: source.name, open: async () => limitBatches(await source.open(), rows) };
}

function limitNative(source: NativeSource, rows: number): NativeSource {
  const { name, streams } = source;
  return {
    name,
    ...(streams !== undefined && { streams }),
    partitions: async () => {
      const limited: Awaited<ReturnType<NativeSource['partitions']>>[number][] = [];
      let left = rows;
      for (const partition of await source.partitions()) {
        const { maxRows } = partition;
        if (left <= 0 && limited.length > 0) break;
        const most = left;
        limited.push({
          maxRows: maxRows === null ? most : Math.min(maxRows, most),
          open: async () => (await partition.open()).limit(most),
        });
        left -= maxRows ?? 0;
      }
      return limited;
    },
  };
}

function limitBatches(source: Source, rows: number): Source {
  let left = rows;
  return {
    schema: source.schema,
    nextBatch: async (maxRows, signal) => {
      if (left <= 0) return null;
      const batch = await source.nextBatch(Math.min(maxRows, left), signal);
      left -= batch?.numRows ?? 0;
      return batch;
    },
    sizeHint: () => {
      const hint = source.sizeHint();
      return hint === null ? null : Math.min(hint, left);
    },
    memoryUsage: () => source.memoryUsage(),
    close: async () => source.close?.(),
  };
}

/** A sink that lets rows go. */
export function createDiscardSink(): Sink {
  return { consume: async () => {}, flush: async () => {}, memoryUsage: () => 0 };
}
