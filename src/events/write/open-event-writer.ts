// A recording that is written: batches go in, and the file takes its place when it is whole.
import type * as arrow from 'apache-arrow';
import { openHdf5Writer } from '../hdf5/index.ts';
import type { Hdf5Layout } from '../hdf5/index.ts';
import type { EventBatch, Geometry, Polarity, TimeUnit } from '../model/index.ts';
import { eventSchema, toEventBatch } from '../read/event-arrow.ts';
import type { EventTimeUnit } from '../read/event-arrow.ts';
import { createByteEncoder } from './byte-encoders.ts';
import type { ByteEncoder } from './byte-encoders.ts';
import { collectSmallBatches } from './collected-writer.ts';
import { eventWriteError } from './errors.ts';
import { outputFormatOf } from './output-format.ts';
import type { OutputFormat } from './output-format.ts';
import { splitBatch } from './split-batch.ts';
import { openStagedOutput } from './staged-output.ts';
import type { StagedOutput } from './staged-output.ts';
import { openTableWriter } from './table-writer.ts';
import type { TableWriter } from './table-writer.ts';

/** What is written, and how. */
export interface EventWriterOptions {
  /** @default by the suffix of the path; EVT2 for .raw */
  readonly format?: OutputFormat | undefined;
  /** Size of the sensor, for headers. */
  readonly geometry?: Geometry | null | undefined;
  /** Lines of the header to keep, for RAW and DAT. */
  readonly header?: Readonly<Record<string, string>> | undefined;
  /** Unit of the times that come. @default us */
  readonly resolution?: EventTimeUnit | undefined;
  /** Unit of the times that text has. @default that of the times that come */
  readonly timeUnit?: TimeUnit | undefined;
  /** Columns of text. @default t,x,y,p */
  readonly columns?: readonly ('t' | 'x' | 'y' | 'p' | '-')[] | undefined;
  /** Of HDF5. @default columns */
  readonly layout?: Hdf5Layout | undefined;
  /** Of the batches that come. @default signed */
  readonly polarity?: Polarity | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called once when nobody reads a named pipe yet. */
  readonly onWait?: (() => void) | undefined;
}

/** A recording in the making. Exactly one of `finish` and `abort` ends it. */
export interface EventWriter {
  readonly format: OutputFormat;
  /** Takes a batch; its memory may be used again when this resolves. Triggers go into formats that have a place for them. */
  write(batch: EventBatch): Promise<void>;
  /** Makes it durable and puts it in its place. @returns what a user should know, one sentence each */
  finish(): Promise<readonly string[]>;
  /** Ends it; nothing is left. */
  abort(): Promise<void>;
}

/**
 * Opens a file to write events to: a path, a named pipe, or `-` for standard output.
 * @throws RuvectorError `ERR_EVENTS_*`, `ERR_FILES_*`
 */
export async function openEventWriter(path: string, options: EventWriterOptions = {}): Promise<EventWriter> {
  const format = outputFormatOf(path, options.format);
  const { signal, onWait } = options;
  if (format === 'parquet' || format === 'arrow') {
    const schema = eventSchema(options.resolution, options.geometry);
    const table = await openTableWriter(path, format, schema, { signal, onWait });
    const writer = new EventTableWriter(format, table, schema);
    // Who reads Arrow wants the batches that were asked for.
    return format === 'arrow' ? writer : collectSmallBatches(writer);
  }
  if (format === 'hdf5') return collectSmallBatches(await startHdf5(path, options));
  const isBinary = format !== 'text' && format !== 'csv';
  // What cannot be written at all is said before anything is opened.
  const encoder = createByteEncoder(format, options);
  const output = await openStagedOutput(path, { signal, onWait, isBinary });
  try {
    await output.write(encoder.head());
    return collectSmallBatches(new EncodedWriter(format, output, encoder));
  } catch (error) {
    await output.abort();
    throw error;
  }
}

/** Its writer goes back in the file: into a pipe it goes when it is whole. */
async function startHdf5(path: string, options: EventWriterOptions): Promise<EventWriter> {
  const { signal, onWait, layout, resolution, geometry } = options;
  const output = await openStagedOutput(path, { signal, onWait, isBinary: true });
  try {
    const writer = await openHdf5Writer(output.stagedPath, { layout, resolution, geometry });
    return {
      format: 'hdf5',
      write: (batch) => writer.write(batch),
      finish: async () => {
        await writer.finish();
        return output.finish();
      },
      abort: async () => {
        await writer.abort().catch(() => undefined);
        await output.abort();
      },
    };
  } catch (error) {
    await output.abort();
    throw eventWriteError(path, error);
  }
}

class EventTableWriter implements EventWriter {
  readonly format: OutputFormat;
  readonly #table: TableWriter;
  readonly #schema: arrow.Schema;

  constructor(format: OutputFormat, table: TableWriter, schema: arrow.Schema) {
    this.format = format;
    this.#table = table;
    this.#schema = schema;
  }

  async write({ events }: EventBatch): Promise<void> {
    if (events.length > 0) await this.#table.write(toEventBatch(events, this.#schema));
  }

  finish(): Promise<readonly string[]> {
    return this.#table.finish();
  }

  abort(): Promise<void> {
    return this.#table.abort();
  }
}

/** Events that are encoded at a time: little memory beside the batch, and an abort is heard between them. */
const ENCODED_EVENTS = 131_072;

class EncodedWriter implements EventWriter {
  readonly format: OutputFormat;
  readonly #output: StagedOutput;
  readonly #encoder: ByteEncoder;

  constructor(format: OutputFormat, output: StagedOutput, encoder: ByteEncoder) {
    this.format = format;
    this.#output = output;
    this.#encoder = encoder;
  }

  async write(batch: EventBatch): Promise<void> {
    for (const part of splitBatch(batch, ENCODED_EVENTS)) {
      for (const bytes of this.#encoder.encode(part)) await this.#output.write(bytes);
    }
  }

  async finish(): Promise<readonly string[]> {
    for (const bytes of this.#encoder.end()) await this.#output.write(bytes);
    return this.#output.finish();
  }

  abort(): Promise<void> {
    return this.#output.abort();
  }
}
