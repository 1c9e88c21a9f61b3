// Rows of datasets → columns of events: numbers of any type, times of any unit.
import { eventDataError } from '../model/index.ts';
import type { EventSlot, Polarity, TimeUnit } from '../model/index.ts';
import { NotNative } from './errors.ts';
import type { NumberType } from './file/datatype.ts';
import { numberGetter } from './file/numbers.ts';

/** Bytes of rows, and where in each the numbers of a column are. */
export interface ColumnBytes {
  readonly bytes: Uint8Array;
  readonly stride: number;
  readonly offset: number;
  readonly type: NumberType;
  /** Number of the first row in the file, and what an error names. */
  readonly firstRow: number;
  readonly source: string;
  readonly dataset: string;
}

const TWO_32 = 4294967296;
const isLittleHost = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const viewOf = ({ bytes }: ColumnBytes): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** True where numbers can be seen through a typed array. */
const isAligned = ({ bytes, stride, offset, type }: ColumnBytes): boolean =>
  isLittleHost &&
  !type.isBigEndian &&
  (bytes.byteOffset + offset) % type.sizeBytes === 0 &&
  stride % type.sizeBytes === 0;

function rowError(column: ColumnBytes, row: number, state: string): Error {
  return eventDataError(
    column.source,
    { byte: (column.firstRow + row) * column.stride + column.offset },
    `row ${column.firstRow + row} of "${column.dataset}" ${state} (byte of the dataset)`,
    'correct the file, or say how it is written with --layout and --columns',
  );
}

/** Copies x or y. @throws RuvectorError `ERR_EVENTS_DATA` where a number is no 16-bit pixel */
export function fillPixels(column: ColumnBytes, target: Uint16Array, count: number): void {
  const { bytes, stride, offset, type } = column;
  if (type.kind === 'integer' && type.sizeBytes === 2 && isAligned(column)) {
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset + offset, ((count - 1) * stride) / 2 + 1);
    const step = stride / 2;
    if (step === 1) target.set(words);
    else for (let i = 0, at = 0; i < count; i++, at += step) target[i] = words[at]!;
    if (!type.isSigned) return;
    const negative = target.subarray(0, count).findIndex((value) => value > 0x7fff);
    if (negative >= 0) throw rowError(column, negative, 'is negative');
    return;
  }
  const view = viewOf(column);
  const get = numberGetter(type);
  for (let i = 0, at = offset; i < count; i++, at += stride) {
    const value = get(view, at);
    if (!(value >= 0 && value <= 0xffff) || value !== Math.floor(value)) {
      throw rowError(column, i, `is ${value}, no pixel`);
    }
    target[i] = value;
  }
}

/** Copies polarities: what is above 0 is on; `native` as the file has them. */
export function fillPolarities(
  column: ColumnBytes,
  target: Int8Array,
  count: number,
  polarity: Polarity,
): void {
  const off = polarity === 'signed' ? -1 : 0;
  if (column.type.kind === 'integer' && column.type.sizeBytes === 1 && column.stride === 1) {
    fillBytePolarities(column, target, count, polarity === 'native', off);
    return;
  }
  const view = viewOf(column);
  const get = numberGetter(column.type);
  for (let i = 0, at = column.offset; i < count; i++, at += column.stride) {
    const value = get(view, at);
    if (value !== 1 && value !== 0 && value !== -1) throw rowError(column, i, `is ${value}, no polarity`);
    target[i] = polarity === 'native' || value > 0 ? value : off;
  }
}

/** What times are copied behind the end of: a slot of events or of triggers. */
type TimeSlot = Pick<EventSlot, 't' | 'lanes' | 'length'>;

/** The same for what nearly every file has: a byte each, 255 is -1. */
function fillBytePolarities(
  column: ColumnBytes,
  target: Int8Array,
  count: number,
  isNative: boolean,
  off: number,
): void {
  const { type, offset } = column;
  const bytes = column.bytes.subarray(offset, offset + count);
  let others = 0;
  for (let i = 0; i < count; i++) others |= bytes[i]! & 0xfe;
  if (others === 0 && off === 0) {
    target.set(bytes);
    return;
  }
  for (let i = 0; i < count; i++) {
    const value = bytes[i]!;
    if (value > 1 && !(value === 255 && type.isSigned)) throw rowError(column, i, `is ${value}, no polarity`);
    target[i] = value === 1 ? 1 : isNative ? (value << 24) >> 24 : off;
  }
}

/** How times of a file become times that are given. */
export interface TimeScale {
  readonly from: TimeUnit;
  readonly to: 'us' | 'ns';
  /** Added in the file's unit. */
  readonly offset: number;
}

const unitNanoseconds: Readonly<Record<TimeUnit, number>> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

/** Copies times; integers exactly, halves of what is too fine away from zero. */
export function fillTimes(column: ColumnBytes, slot: TimeSlot, count: number, scale: TimeScale): void {
  const { type } = column;
  const factor = unitNanoseconds[scale.from] / unitNanoseconds[scale.to];
  const isPlain = factor === 1 && scale.offset === 0;
  if (type.kind === 'integer' && type.sizeBytes === 8) {
    if (isPlain && isAligned(column)) copyTimes(column, slot, count);
    else scaleLongTimes(column, slot, count, scale);
    return;
  }
  scaleTimes(column, slot, count, factor, scale.offset);
}

function copyTimes({ bytes, stride, offset }: ColumnBytes, slot: TimeSlot, count: number): void {
  const start = bytes.byteOffset + offset;
  if (stride === 8) {
    slot.t.set(new BigInt64Array(bytes.buffer, start, count), slot.length);
    return;
  }
  const words = new Uint32Array(bytes.buffer, start, ((count - 1) * stride) / 4 + 2);
  const { lanes } = slot;
  for (let i = 0, at = 0, to = 2 * slot.length; i < count; i++, at += stride / 4, to += 2) {
    lanes[to] = words[at]!;
    lanes[to + 1] = words[at + 1]!;
  }
}

/** 64-bit times that have to be scaled or moved: doubles would lose digits of some. */
function scaleLongTimes(column: ColumnBytes, slot: TimeSlot, count: number, scale: TimeScale): void {
  const view = viewOf(column);
  const isLittle = !column.type.isBigEndian;
  const multiply = BigInt(Math.max(1, unitNanoseconds[scale.from] / unitNanoseconds[scale.to]));
  const divide = BigInt(Math.max(1, unitNanoseconds[scale.to] / unitNanoseconds[scale.from]));
  const offset = BigInt(Math.round(scale.offset));
  for (let i = 0, at = column.offset; i < count; i++, at += column.stride) {
    const raw = column.type.isSigned ? view.getBigInt64(at, isLittle) : view.getBigUint64(at, isLittle);
    const value = (raw + offset) * multiply;
    const scaled = divide === 1n ? value : roundedQuotient(value, divide);
    if (scaled !== BigInt.asIntN(64, scaled)) throw rowError(column, i, `is the time ${raw}, too large`);
    slot.t[slot.length + i] = scaled;
  }
}

function roundedQuotient(value: bigint, divide: bigint): bigint {
  const half = divide / 2n;
  return (value < 0n ? value - half : value + half) / divide;
}

/** Times that a double holds. */
function scaleTimes(
  column: ColumnBytes,
  slot: TimeSlot,
  count: number,
  factor: number,
  offset: number,
): void {
  if (column.type.sizeBytes > 8) throw new NotNative('times of more than 64 bits');
  const view = viewOf(column);
  const get = numberGetter(column.type);
  const { lanes } = slot;
  for (let i = 0, at = column.offset, to = 2 * slot.length; i < count; i++, at += column.stride, to += 2) {
    const exact = (get(view, at) + offset) * factor;
    const value = exact < 0 ? -Math.round(-exact) : Math.round(exact);
    if (!(Math.abs(value) < 2 ** 63)) throw rowError(column, i, `is the time ${get(view, at)}`);
    lanes[to] = value >>> 0;
    lanes[to + 1] = Math.floor(value / TWO_32);
  }
}
