// The encoders of formats that are bytes in the order of the events, behind one interface.
import type { EventBatch } from '../model/index.ts';
import { TextEventEncoder } from '../text/index.ts';
import type { EventWriterOptions } from './open-event-writer.ts';
import type { OutputFormat } from './output-format.ts';

/** Encodes a recording; bytes it gives are good until it is asked for the next ones. */
export interface ByteEncoder {
  head(): Uint8Array;
  /** @throws RuvectorError `ERR_EVENTS_ENCODE` for an event that the format cannot hold */
  encode(batch: EventBatch): Iterable<Uint8Array>;
  end(): Iterable<Uint8Array>;
}

/** @throws RuvectorError `ERR_EVENTS_OPTIONS` for what can be no recording of that format */
export function createByteEncoder(
  format: Exclude<OutputFormat, 'parquet' | 'arrow'>,
  options: EventWriterOptions,
): ByteEncoder {
  return createTextEncoder(options, format === 'csv' ? ',' : ' ');
}

function createTextEncoder(options: EventWriterOptions, separator: ',' | ' '): ByteEncoder {
  const { columns, timeUnit, resolution, geometry } = options;
  const encoder = new TextEventEncoder({
    columns,
    timeUnit: timeUnit ?? resolution,
    resolution,
    geometry,
    separator,
  });
  return {
    head: () => encoder.preamble(),
    encode: ({ events }) => (events.length === 0 ? [] : [encoder.encode(events)]),
    end: () => [],
  };
}
