// Recordings whose columns are datasets of /events, and DSEC's: t from an offset on, and the first event of each millisecond.
import { eventEncodeError, eventOptionsError } from '../../model/index.ts';
import type { EventBatch, EventColumns, Geometry } from '../../model/index.ts';
import { rawBytesOf, COLUMN_CHUNK_ROWS, ColumnWriter } from './column-writer.ts';
import { ByteBuilder } from './byte-builder.ts';
import type { Hdf5Compression } from './encode-chunk.ts';
import { integerType } from './encode-types.ts';
import type { GroupPlan, Hdf5Container, WrittenAttributes } from './hdf5-container.ts';

/** How a recording is laid out: takes batches, and says in the end what the file consists of. */
export interface RecordingWriter {
  write(batch: EventBatch): Promise<void>;
  finish(): Promise<{ readonly root: GroupPlan; readonly attributes: WrittenAttributes }>;
}

/** What writers of recordings are told. */
export interface RecordingPlan {
  readonly container: Hdf5Container;
  readonly compression: Hdf5Compression;
  readonly timeUnit: 'us' | 'ns';
  readonly geometry: Geometry | null;
}

/** Attributes of a file. */
export const fileAttributes = ({ geometry }: Pick<RecordingPlan, 'geometry'>): WrittenAttributes =>
  geometry ? { geometry: `${geometry.width}x${geometry.height}` } : {};

/** /events/{t i64, x u16, y u16, p i8}, the unit beside t. */
export class ColumnsRecording implements RecordingWriter {
  readonly #plan: RecordingPlan;
  readonly #t: ColumnWriter;
  readonly #x: ColumnWriter;
  readonly #y: ColumnWriter;
  readonly #p: ColumnWriter;

  constructor(plan: RecordingPlan) {
    this.#plan = plan;
    const column = (sizeBytes: number, isSigned: boolean): ColumnWriter =>
      new ColumnWriter(plan.container, {
        type: integerType(sizeBytes, isSigned),
        chunkRows: COLUMN_CHUNK_ROWS,
        compression: plan.compression,
      });
    this.#t = column(8, true);
    this.#x = column(2, false);
    this.#y = column(2, false);
    this.#p = column(1, true);
  }

  async write({ events }: EventBatch): Promise<void> {
    const { t, x, y, p, length } = events;
    await Promise.all([
      this.#t.write(rawBytesOf(t.subarray(0, length))),
      this.#x.write(rawBytesOf(x.subarray(0, length))),
      this.#y.write(rawBytesOf(y.subarray(0, length))),
      this.#p.write(rawBytesOf(p.subarray(0, length))),
    ]);
  }

  async finish(): Promise<{ root: GroupPlan; attributes: WrittenAttributes }> {
    const writers = [this.#t, this.#x, this.#y, this.#p];
    await Promise.all(writers.map((writer) => writer.finish()));
    const [t, x, y, p] = writers.map(({ dataset }) => ({ dataset }));
    const group = { t: { ...t!, attributes: { unit: this.#plan.timeUnit } }, x: x!, y: y!, p: p! };
    return { root: { events: { group } }, attributes: fileAttributes(this.#plan) };
  }
}

const MOST_DSEC_MICROSECONDS = 2 ** 32 - 1;

/** /events/{t u32, x u16, y u16, p u8}, /t_offset and /ms_to_idx. */
export class DsecRecording implements RecordingWriter {
  readonly #plan: RecordingPlan;
  readonly #writers: Readonly<Record<'t' | 'x' | 'y' | 'p', ColumnWriter>>;
  #offset: bigint | null = null;
  #last = 0;
  #written = 0;
  /** Index of the first event at or after each millisecond. */
  readonly #firstOfMs = new ByteBuilder();
  #milliseconds = 0;

  /** @throws RuvectorError `ERR_EVENTS_OPTIONS` for times in ns */
  constructor(plan: RecordingPlan) {
    if (plan.timeUnit === 'ns') {
      throw eventOptionsError('resolution', 'ns', 'DSEC files have times in µs', 'read the recording in µs');
    }
    this.#plan = plan;
    const column = (sizeBytes: number): ColumnWriter =>
      new ColumnWriter(plan.container, {
        type: integerType(sizeBytes, false),
        chunkRows: COLUMN_CHUNK_ROWS,
        compression: plan.compression,
      });
    this.#writers = { t: column(4), x: column(2), y: column(2), p: column(1) };
  }

  async write({ events }: EventBatch): Promise<void> {
    const { x, y, length } = events;
    const t = this.#times(events);
    const p = Uint8Array.from(events.p.subarray(0, length), (value) => (value > 0 ? 1 : 0));
    const { t: times, x: columns, y: rows, p: polarities } = this.#writers;
    await Promise.all([
      times.write(rawBytesOf(t)),
      columns.write(rawBytesOf(x.subarray(0, length))),
      rows.write(rawBytesOf(y.subarray(0, length))),
      polarities.write(p),
    ]);
    this.#written += length;
  }

  /** Times from the first event on. */
  #times({ t, length }: EventColumns): Uint32Array {
    const times = new Uint32Array(length);
    for (let i = 0; i < length; i++) {
      this.#offset ??= t[i]!;
      const time = Number(t[i]! - this.#offset);
      const isHeld = time >= this.#last && time <= MOST_DSEC_MICROSECONDS;
      if (!isHeld) throw this.#timeError(this.#written + i, time);
      times[i] = time;
      this.#last = time;
      for (; this.#milliseconds * 1000 <= time; this.#milliseconds++) this.#firstOfMs.u64(this.#written + i);
    }
    return times;
  }

  #timeError(index: number, time: number): Error {
    const isBack = time < this.#last;
    return eventEncodeError(
      'hdf5 (dsec)',
      index,
      isBack
        ? `time goes back to ${time} from ${this.#last}`
        : `it is ${time} µs after the first, more than 32 bits`,
      isBack ? 'sort the events first, or choose --layout columns' : 'choose --layout columns',
    );
  }

  async finish(): Promise<{ root: GroupPlan; attributes: WrittenAttributes }> {
    const { t, x, y, p } = this.#writers;
    await Promise.all([t, x, y, p].map((writer) => writer.finish()));
    const group = {
      t: { dataset: t.dataset },
      x: { dataset: x.dataset },
      y: { dataset: y.dataset },
      p: { dataset: p.dataset },
    };
    const offset = { values: new ByteBuilder().u64(this.#offset ?? 0n).bytes, type: integerType(8, true) };
    const index = { values: this.#firstOfMs.bytes, type: integerType(8, false) };
    return {
      root: {
        events: { group },
        t_offset: { ...offset, length: null },
        ms_to_idx: { ...index, length: this.#milliseconds },
      },
      attributes: fileAttributes(this.#plan),
    };
  }
}

/** One dataset of rows t, x, y, p of 64 bits. */
export class ArrayRecording implements RecordingWriter {
  readonly #plan: RecordingPlan;
  readonly #rows: ColumnWriter;

  constructor(plan: RecordingPlan) {
    this.#plan = plan;
    this.#rows = new ColumnWriter(plan.container, {
      type: integerType(8, true),
      columns: 4,
      chunkRows: COLUMN_CHUNK_ROWS / 4,
      compression: plan.compression,
    });
  }

  async write({ events }: EventBatch): Promise<void> {
    const { t, x, y, p, length } = events;
    const rows = new BigInt64Array(4 * length);
    const words = new Int32Array(rows.buffer);
    for (let i = 0; i < length; i++) {
      rows[4 * i] = t[i]!;
      words[8 * i + 2] = x[i]!;
      words[8 * i + 4] = y[i]!;
      words[8 * i + 6] = p[i]!;
      words[8 * i + 7] = p[i]! < 0 ? -1 : 0;
    }
    await this.#rows.write(rawBytesOf(rows));
  }

  async finish(): Promise<{ root: GroupPlan; attributes: WrittenAttributes }> {
    await this.#rows.finish();
    const attributes = { unit: this.#plan.timeUnit, columns: 't,x,y,p' };
    return {
      root: { events: { dataset: this.#rows.dataset, attributes } },
      attributes: fileAttributes(this.#plan),
    };
  }
}
