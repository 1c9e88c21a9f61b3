// A recording that is written: batches go in, and the file takes its place when it is whole.
import type * as arrow from 'apache-arrow';
import { openHdf5Writer } from '../hdf5/index.ts';
import type { EventBatch } from '../model/index.ts';
import { eventSchema, toEventBatch } from '../read/event-arrow.ts';
import { createByteEncoder } from './byte-encoders.ts';
import type { ByteEncoder } from './byte-encoders.ts';
import { collectSmallBatches } from './collected-writer.ts';
import { eventWriteError } from './errors.ts';
import { outputFormatOf } from './output-format.ts';
import type { OutputFormat } from './output-format.ts';
import { cutBatch } from './cut-batch.ts';
import { openStagedOutput } from './staged-output.ts';
import type { StagedOutput } from './staged-output.ts';
import type { EventWriter, EventWriterOptions } from './writer-contract.ts';
import { openTableWriter } from './table-writer.ts';
import type { TableWriter } from './table-writer.ts';

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
    for (const part of cutBatch(batch, ENCODED_EVENTS)) {
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
