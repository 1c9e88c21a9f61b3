// Prophesee's recordings: /CD/events in chunks of ECF, /EXT_TRIGGER/events, and beside each the number of an event for
// every 2000 µs, as Metavision's own writer has them.
import { eventEncodeError, eventOptionsError } from '../../model/index.ts';
import type { EventBatch, EventColumns, TriggerColumns } from '../../model/index.ts';
import { EcfEncoder, MAX_ECF_COORDINATE } from '../ecf/encode-ecf.ts';
import { filterIds } from '../filter-ids.ts';
import { ColumnWriter } from './column-writer.ts';
import { fileAttributes } from './columns-recording.ts';
import type { RecordingPlan, RecordingWriter } from './columns-recording.ts';
import { compoundType, integerType } from './encode-types.ts';
import { ChunkedDataset } from './hdf5-container.ts';
import type { GroupPlan, Hdf5Container, WrittenAttributes } from './hdf5-container.ts';

const CHUNK_ROWS = 16_384;
const INDEX_MICROSECONDS = 2000;
/** Times further apart than this would make an index larger than any recording. */
const MOST_INDEXES = 50_000_000;

const eventType = compoundType(16, [
  { name: 'x', offset: 0, type: integerType(2, false) },
  { name: 'y', offset: 2, type: integerType(2, false) },
  { name: 'p', offset: 4, type: integerType(2, true) },
  { name: 't', offset: 8, type: integerType(8, true) },
]);

const triggerType = compoundType(24, [
  { name: 'p', offset: 0, type: integerType(2, true) },
  { name: 't', offset: 8, type: integerType(8, true) },
  { name: 'id', offset: 16, type: integerType(2, true) },
]);

const indexType = compoundType(16, [
  { name: 'id', offset: 0, type: integerType(8, false) },
  { name: 'ts', offset: 8, type: integerType(8, true) },
]);

/** Events in ECF. */
export class PropheseeRecording implements RecordingWriter {
  readonly #plan: RecordingPlan;
  readonly #events: ChunkedDataset;
  readonly #triggers: ColumnWriter;
  readonly #eventIndex: IndexWriter;
  readonly #triggerIndex: IndexWriter;
  readonly #encoder = new EcfEncoder();
  readonly #chunk = {
    t: new BigInt64Array(CHUNK_ROWS),
    x: new Uint16Array(CHUNK_ROWS),
    y: new Uint16Array(CHUNK_ROWS),
    p: new Uint8Array(CHUNK_ROWS),
  };
  #rows = 0;

  /** @throws RuvectorError `ERR_EVENTS_OPTIONS` for times in ns */
  constructor(plan: RecordingPlan) {
    if (plan.timeUnit === 'ns') {
      throw eventOptionsError(
        'resolution',
        'ns',
        'Prophesee files have times in µs',
        'read the recording in µs',
      );
    }
    const { container } = plan;
    this.#plan = plan;
    const ecf = { id: filterIds.ecf, isOptional: true, name: 'ECF', parameters: [] };
    this.#events = new ChunkedDataset(container, { type: eventType, chunkRows: CHUNK_ROWS, filters: [ecf] });
    this.#triggers = new ColumnWriter(container, {
      type: triggerType,
      chunkRows: CHUNK_ROWS,
      compression: 'none',
    });
    this.#eventIndex = new IndexWriter(container);
    this.#triggerIndex = new IndexWriter(container);
  }

  async write({ events, triggers }: EventBatch): Promise<void> {
    for (let from = 0; from < events.length;) {
      const to = Math.min(events.length, from + CHUNK_ROWS - this.#rows);
      this.#gather(events, from, to);
      from = to;
      if (this.#rows === CHUNK_ROWS) await this.#flush();
    }
    await this.#eventIndex.write(events);
    if (triggers.length === 0) return;
    await this.#triggerIndex.write(triggers);
    await this.#triggers.write(encodeTriggers(triggers));
  }

  #gather(events: EventColumns, from: number, to: number): void {
    const { t, x, y, p } = this.#chunk;
    const rows = this.#rows;
    t.set(events.t.subarray(from, to), rows);
    x.set(events.x.subarray(from, to), rows);
    y.set(events.y.subarray(from, to), rows);
    for (let i = from; i < to; i++) p[rows + i - from] = events.p[i]! > 0 ? 1 : 0;
    this.#rows = rows + to - from;
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    const { t, x, y, p } = this.#chunk;
    const events = {
      t: t.subarray(0, rows),
      x: x.subarray(0, rows),
      y: y.subarray(0, rows),
      p: p.subarray(0, rows),
    };
    this.#check(events);
    await this.#events.add(this.#encoder.encode(events).slice(), rows);
    this.#rows = 0;
  }

  /** ECF stores steps of time and 11 bits of x and y; Prophesee's encoder changes what does not fit without a word. */
  #check({ t, x, y }: { t: BigInt64Array; x: Uint16Array; y: Uint16Array }): void {
    for (let i = 0; i < t.length; i++) {
      const state =
        x[i]! > MAX_ECF_COORDINATE || y[i]! > MAX_ECF_COORDINATE
          ? `(${x[i]}, ${y[i]}) is past the pixel ${MAX_ECF_COORDINATE}`
          : i > 0 && t[i]! < t[i - 1]!
            ? `time goes back to ${t[i]} from ${t[i - 1]}`
            : null;
      if (state === null) continue;
      const next = 'ECF cannot store that: sort the events first, or choose --layout columns';
      throw eventEncodeError('hdf5 (prophesee)', this.#events.rows + i, state, next);
    }
  }

  async finish(): Promise<{ root: GroupPlan; attributes: WrittenAttributes }> {
    if (this.#rows > 0) await this.#flush();
    await this.#triggers.finish();
    const cd = { events: { dataset: this.#events }, indexes: await this.#eventIndex.finish() };
    const external = {
      events: { dataset: this.#triggers.dataset },
      indexes: await this.#triggerIndex.finish(),
    };
    return {
      root: { CD: { group: cd }, EXT_TRIGGER: { group: external } },
      attributes: { version: '1.0', ...fileAttributes(this.#plan) },
    };
  }
}

function encodeTriggers({ t, id, value, length }: TriggerColumns): Uint8Array {
  const bytes = new Uint8Array(24 * length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < length; i++) {
    view.setInt16(24 * i, value[i]!, true);
    view.setBigInt64(24 * i + 8, t[i]!, true);
    view.setInt16(24 * i + 16, id[i]!, true);
  }
  return bytes;
}

/**
 * Which event a time is found at: for each 2000 µs from the first event on, the number and the time of the first event of
 * the last of them that had any before.
 */
class IndexWriter {
  readonly #rows: ColumnWriter;
  #origin: bigint | null = null;
  #count = 0;
  #event = 0;
  /** The first event of this step, and of the last one that had events before. */
  #now = { id: 0, ts: -1 };
  #before = { id: 0, ts: -1 };

  constructor(container: Hdf5Container) {
    this.#rows = new ColumnWriter(container, {
      type: indexType,
      chunkRows: CHUNK_ROWS,
      compression: 'none',
    });
  }

  async write({ t, length }: { readonly t: BigInt64Array; readonly length: number }): Promise<void> {
    const rows: number[] = [];
    for (let i = 0; i < length; i++, this.#event++) {
      this.#origin ??= t[i]!;
      const time = Number(t[i]! - this.#origin);
      const step = Math.floor(time / INDEX_MICROSECONDS) + 1;
      if (step > MOST_INDEXES) {
        const state = `it is ${time} µs after the first, more than the index of such a file holds`;
        throw eventEncodeError('hdf5 (prophesee)', this.#event, state, 'choose --layout columns');
      }
      for (; this.#count < step; this.#count++) {
        if (this.#event !== this.#now.id) this.#before = this.#now;
        rows.push(this.#before.id, this.#before.ts);
        this.#now = { id: this.#event, ts: time };
      }
    }
    await this.#append(rows);
  }

  async #append(values: readonly number[]): Promise<void> {
    const bytes = new Uint8Array(8 * values.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of values.entries()) view.setBigInt64(8 * i, BigInt(value), true);
    await this.#rows.write(bytes);
  }

  async finish(): Promise<{ dataset: ChunkedDataset; attributes: WrittenAttributes }> {
    if (this.#count > 0) await this.#append([this.#now.id, this.#now.ts]);
    await this.#rows.finish();
    // What has to be added to the times of the file to come to those of the index.
    const attributes: WrittenAttributes = this.#origin === null ? {} : { offset: String(-this.#origin) };
    return { dataset: this.#rows.dataset, attributes };
  }
}
