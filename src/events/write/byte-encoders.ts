// The encoders of formats that are bytes in the order of the events, behind one interface.
import type { EventBatch } from '../model/index.ts';
import { createEncoder } from '../encode/index.ts';
import type { WrittenFormat } from '../encode/index.ts';
import { encodeRecordingHeader } from '../header/index.ts';
import { eventOptionsError } from '../model/index.ts';
import { TextEventEncoder } from '../text/index.ts';
import type { EventWriterOptions } from './writer-contract.ts';
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
  format: Exclude<OutputFormat, 'parquet' | 'arrow' | 'hdf5'>,
  options: EventWriterOptions,
): ByteEncoder {
  if (format === 'text') return createTextEncoder(options, ' ');
  if (format === 'csv') return createTextEncoder(options, ',');
  return createWordEncoder(format, options);
}

function createWordEncoder(
  format: WrittenFormat,
  { geometry, header, resolution }: EventWriterOptions,
): ByteEncoder {
  if (!geometry) {
    throw eventOptionsError(
      'geometry',
      geometry,
      `a header of ${format} says it`,
      'give the size of the sensor',
    );
  }
  if (resolution === 'ns') {
    throw eventOptionsError(
      'resolution',
      resolution,
      `${format} has times in µs`,
      'read the recording in µs',
    );
  }
  const encoder = createEncoder(format);
  const fields = Object.entries(header ?? {}).map(([key, value]) => ({ key, value }));
  return {
    head: () => encodeRecordingHeader(format, { geometry, fields }),
    // A DAT file holds events or triggers.
    encode: ({ events, triggers }) => [encoder.encode(events, format === 'dat' ? undefined : triggers)],
    end: () => [encoder.finish()],
  };
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
