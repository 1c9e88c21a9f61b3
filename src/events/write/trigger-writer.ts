// The external triggers of a recording as a file: t, id, value.
import type * as arrow from 'apache-arrow';
import type { TriggerColumns } from '../model/index.ts';
import { toTriggerBatch, triggerSchema } from '../read/event-arrow.ts';
import type { EventTimeUnit } from '../read/event-arrow.ts';
import { eventSuffixError } from './errors.ts';
import type { OutputOptions } from './staged-output.ts';
import { openTableWriter } from './table-writer.ts';
import type { TableFormat } from './table-writer.ts';

/** Exactly one of `finish` and `abort` ends it. */
export interface TriggerWriter {
  write(triggers: TriggerColumns): Promise<void>;
  /** @returns what a user should know, one sentence each */
  finish(): Promise<readonly string[]>;
  abort(): Promise<void>;
}

const formats: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.txt': 'csv',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
};

/** @throws RuvectorError `ERR_EVENTS_SUFFIX`, `ERR_EVENTS_WRITE`, `ERR_FILES_*` */
export async function openTriggerWriter(
  path: string,
  timeUnit: EventTimeUnit,
  options: Omit<OutputOptions, 'isBinary'>,
): Promise<TriggerWriter> {
  const suffix = /\.[^./]*$/.exec(path)?.[0].toLowerCase() ?? '';
  const format = path === '-' ? 'csv' : formats[suffix];
  if (format === undefined) throw eventSuffixError(path, Object.keys(formats));
  const schema: arrow.Schema = triggerSchema(timeUnit);
  const table = await openTableWriter(path, format, schema, options);
  return {
    write: async (triggers) => {
      if (triggers.length > 0) await table.write(toTriggerBatch(triggers, schema));
    },
    finish: () => table.finish(),
    abort: () => table.abort(),
  };
}
