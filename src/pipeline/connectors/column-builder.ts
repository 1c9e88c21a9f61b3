// Arrow columns that grow value by value, for sources whose driver or protocol gives rows. A value costs one call and
// one typed store; arrow's own builders cost four times that. Batches of columns come as they are, without this.
import * as arrow from 'apache-arrow';
import { buildBatch, buildData } from '../../core/index.ts';

/** A column that grows. `push` takes what the type holds; who does not know checks first. */
export interface ColumnBuilder {
  readonly type: arrow.DataType;
  readonly length: number;
  /** Bytes it holds. */
  readonly sizeBytes: number;
  pushNull(): void;
  /** The values so far; the builder begins anew. */
  finish(): arrow.Data;
}

const FIRST_ROWS = 1024;

/** Which rows are null. */
abstract class Nullable {
  length = 0;
  #nullCount = 0;
  #bits = new Uint8Array(FIRST_ROWS / 8);

  protected note(isNull: boolean): void {
    const at = this.length++;
    if (at >> 3 >= this.#bits.length) this.#bits = growTo(this.#bits, (at >> 3) + 1);
    if (isNull) this.#nullCount++;
    else this.#bits[at >> 3]! |= 1 << (at & 7);
  }

  protected takeNulls(): { length: number; nullCount: number; nullBitmap: Uint8Array } {
    const taken = {
      length: this.length,
      nullCount: this.#nullCount,
      nullBitmap: this.#bits.slice(0, (this.length + 7) >> 3),
    };
    this.#bits.fill(0);
    this.length = 0;
    this.#nullCount = 0;
    return taken;
  }
}

type Growable = Uint8Array | Int32Array;
type Fixed = Int8Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array;

function growTo<A extends Growable | Fixed>(array: A, length: number): A {
  const grown = new (array.constructor as new (length: number) => A)(Math.max(length, array.length * 2));
  grown.set(array as never);
  return grown;
}

/** Numbers of one width; bigints where they are 64 bits wide. */
export class FixedColumn extends Nullable implements ColumnBuilder {
  readonly type: arrow.DataType;
  #values: Fixed;

  constructor(type: arrow.DataType) {
    super();
    this.type = type;
    this.#values = new (type.ArrayType as new (length: number) => Fixed)(FIRST_ROWS);
  }

  get sizeBytes(): number {
    return this.length * this.#values.BYTES_PER_ELEMENT;
  }

  push(value: number | bigint): void {
    if (this.length >= this.#values.length) this.#values = growTo(this.#values, this.length + 1);
    this.#values[this.length] = value as number;
    this.note(false);
  }

  pushNull(): void {
    if (this.length >= this.#values.length) this.#values = growTo(this.#values, this.length + 1);
    this.#values[this.length] = (this.#values instanceof BigInt64Array ? 0n : 0) as number;
    this.note(true);
  }

  finish(): arrow.Data {
    const { length, ...nulls } = this.takeNulls();
    return buildData(this.type, length, { data: this.#values.slice(0, length), ...nulls });
  }
}

/** Booleans, one bit each. */
export class BitColumn extends Nullable implements ColumnBuilder {
  readonly type = new arrow.Bool();
  #bits = new Uint8Array(FIRST_ROWS / 8);

  get sizeBytes(): number {
    return this.length >> 3;
  }

  push(value: boolean): void {
    this.#set(value);
    this.note(false);
  }

  pushNull(): void {
    this.#set(false);
    this.note(true);
  }

  #set(value: boolean): void {
    const at = this.length;
    if (at >> 3 >= this.#bits.length) this.#bits = growTo(this.#bits, (at >> 3) + 1);
    if (value) this.#bits[at >> 3]! |= 1 << (at & 7);
  }

  finish(): arrow.Data {
    const { length, ...nulls } = this.takeNulls();
    const data = this.#bits.slice(0, (length + 7) >> 3);
    this.#bits.fill(0);
    return buildData(this.type, length, { data, ...nulls });
  }
}

/** Text or bytes behind 32-bit offsets. */
export class BytesColumn extends Nullable implements ColumnBuilder {
  readonly type: arrow.Utf8 | arrow.Binary;
  #offsets = new Int32Array(FIRST_ROWS + 1);
  #bytes = new Uint8Array(FIRST_ROWS * 16);
  #end = 0;

  constructor(type: arrow.Utf8 | arrow.Binary) {
    super();
    this.type = type;
  }

  get sizeBytes(): number {
    return this.#end + this.length * 4;
  }

  pushBytes(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.#end);
    this.#close(end - start, false);
  }

  pushText(text: string): void {
    // Three bytes at most for each UTF-16 unit.
    this.#reserve(text.length * 3);
    this.#close(encoder.encodeInto(text, this.#bytes.subarray(this.#end)).written, false);
  }

  pushNull(): void {
    this.#reserve(0);
    this.#close(0, true);
  }

  #reserve(bytes: number): void {
    if (this.length + 1 >= this.#offsets.length) this.#offsets = growTo(this.#offsets, this.length + 2);
    if (this.#end + bytes > this.#bytes.length) this.#bytes = growTo(this.#bytes, this.#end + bytes);
  }

  #close(bytes: number, isNull: boolean): void {
    this.#end += bytes;
    this.note(isNull);
    this.#offsets[this.length] = this.#end;
  }

  finish(): arrow.Data {
    const { length, ...nulls } = this.takeNulls();
    const data = this.#bytes.slice(0, this.#end);
    const valueOffsets = this.#offsets.slice(0, length + 1);
    this.#end = 0;
    return buildData(this.type, length, { data, valueOffsets, ...nulls });
  }
}

const encoder = new TextEncoder();

/** Lists of values of one type. */
export class ListColumn extends Nullable implements ColumnBuilder {
  readonly type: arrow.List;
  readonly items: ColumnBuilder;
  #offsets = new Int32Array(FIRST_ROWS + 1);

  constructor(items: ColumnBuilder) {
    super();
    this.items = items;
    this.type = new arrow.List(new arrow.Field('item', items.type, true));
  }

  get sizeBytes(): number {
    return this.items.sizeBytes + this.length * 4;
  }

  /** Ends the list of the items that were pushed since the last one. */
  close(): void {
    this.#end(false);
  }

  pushNull(): void {
    this.#end(true);
  }

  #end(isNull: boolean): void {
    if (this.length + 1 >= this.#offsets.length) this.#offsets = growTo(this.#offsets, this.length + 2);
    this.note(isNull);
    this.#offsets[this.length] = this.items.length;
  }

  finish(): arrow.Data {
    const { length, nullCount, nullBitmap } = this.takeNulls();
    const valueOffsets = this.#offsets.slice(0, length + 1);
    const child = this.items.finish();
    return arrow.makeData({
      type: this.type,
      length,
      nullCount,
      nullBitmap: nullCount > 0 ? nullBitmap : null,
      valueOffsets,
      child,
    });
  }
}

/** The builder of a type. */
export function createColumnBuilder(type: arrow.DataType): ColumnBuilder {
  if (arrow.DataType.isBool(type)) return new BitColumn();
  if (arrow.DataType.isUtf8(type) || arrow.DataType.isBinary(type)) return new BytesColumn(type);
  if (arrow.DataType.isList(type))
    return new ListColumn(createColumnBuilder(type.valueType as arrow.DataType));
  return new FixedColumn(type);
}

/** The rows in the builders as a batch. */
export function finishBatch(schema: arrow.Schema, builders: readonly ColumnBuilder[]): arrow.RecordBatch {
  const rows = builders[0]?.length ?? 0;
  return buildBatch(
    schema,
    rows,
    builders.map((builder) => builder.finish()),
  );
}
