// Events as Arrow and Polars: columns t (int64), x, y (uint16) and p (int8). Batches are views of the columns; a frame is
// a copy, which Polars owns.
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as arrow from 'apache-arrow';
import type { DataFrame } from 'nodejs-polars';
import { buildMessagePlanner, encodeSchema, loadPolars } from '../../core/index.ts';
import type { Batch } from '../../pipeline/index.ts';
import type { EventColumns, Geometry, TriggerColumns } from '../model/index.ts';
import { viewEvents } from '../model/index.ts';

/** Units of `t`. */
export type EventTimeUnit = 'us' | 'ns';

const field = (name: string, type: arrow.DataType, metadata?: Map<string, string>): arrow.Field =>
  new arrow.Field(name, type, false, metadata);

/**
 * The columns of events.
 * @param timeUnit of `t`, told as its metadata
 * @param geometry told as `ruvector.geometry` of the table, such as 1280x720
 */
export function eventSchema(timeUnit: EventTimeUnit = 'us', geometry: Geometry | null = null): arrow.Schema {
  const fields = [
    field('t', new arrow.Int64(), new Map([['unit', timeUnit]])),
    field('x', new arrow.Uint16()),
    field('y', new arrow.Uint16()),
    field('p', new arrow.Int8()),
  ];
  const size = geometry && `${geometry.width}x${geometry.height}`;
  return new arrow.Schema(fields, size === null ? undefined : new Map([['ruvector.geometry', size]]));
}

/** The columns of triggers. */
export function triggerSchema(timeUnit: EventTimeUnit = 'us'): arrow.Schema {
  return new arrow.Schema([
    field('t', new arrow.Int64(), new Map([['unit', timeUnit]])),
    field('id', new arrow.Uint8()),
    field('value', new arrow.Uint8()),
  ]);
}

const columnOf = (type: arrow.DataType, values: ArrayBufferView): arrow.Data =>
  arrow.makeData({ type: type as arrow.Int64, data: values as BigInt64Array, nullCount: 0 });

function batchOf(schema: arrow.Schema, length: number, columns: readonly ArrayBufferView[]): Batch {
  const children = columns.map((values, i) => columnOf(schema.fields[i]!.type as arrow.DataType, values));
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
}

/** A batch whose columns are those of the events, not copied. */
export function toEventBatch(events: EventColumns, schema: arrow.Schema = eventSchema()): Batch {
  const { t, x, y, p, length } = viewEvents(events);
  return batchOf(schema, length, [t, x, y, p]);
}

/** The same of triggers. */
export function toTriggerBatch(triggers: TriggerColumns, schema: arrow.Schema = triggerSchema()): Batch {
  const { t, id, value, length } = triggers;
  return batchOf(schema, length, [t.subarray(0, length), id.subarray(0, length), value.subarray(0, length)]);
}

const END_OF_STREAM = 8;
/** Rows of one frame of many: what is copied twice at a time. */
const FRAME_ROWS = 4_194_304;

/** One frame; the schema's metadata is lost, as Polars keeps none. */
export function toEventFrame(events: EventColumns): DataFrame {
  const schema = eventSchema();
  const head = encodeSchema(schema);
  const plan = buildMessagePlanner()(toEventBatch(events, schema));
  const start = Math.ceil(head.length / 8) * 8;
  const bytes = Buffer.allocUnsafeSlow(start + plan.sizeBytes + END_OF_STREAM);
  bytes.set(head, start - head.length);
  plan.writeTo(bytes.subarray(start));
  bytes.writeInt32LE(-1, start + plan.sizeBytes);
  bytes.writeInt32LE(0, start + plan.sizeBytes + 4);
  return loadPolars().readIPCStream(bytes.subarray(start - head.length));
}

/** A frame of all events, made in parts, so that little more than the frame itself is held beside the columns. */
export async function toEventFrames(events: EventColumns): Promise<DataFrame> {
  const frames: DataFrame[] = [];
  for (let from = 0; from === 0 || from < events.length; from += FRAME_ROWS) {
    frames.push(toEventFrame(viewEvents(events, from, Math.min(events.length, from + FRAME_ROWS))));
    // What a frame was made of is freed behind a turn of the event loop only.
    await nextTurn();
  }
  return frames.length === 1 ? frames[0]! : loadPolars().concat(frames);
}
