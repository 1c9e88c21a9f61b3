// What every writer of recordings is, and what it is told. Types only.
import type { Hdf5Layout } from '../hdf5/index.ts';
import type { EventBatch, Geometry, Polarity, TimeUnit } from '../model/index.ts';
import type { EventTimeUnit } from '../read/event-arrow.ts';
import type { OutputFormat } from './output-format.ts';

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
