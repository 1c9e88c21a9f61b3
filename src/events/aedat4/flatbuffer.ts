// FlatBuffers out of bytes that nobody vouches for: every place is checked before it is read. A table begins with 4 distance
// back to its list of fields: 2 size of the list, 2 size of the table, then 2 place of each field in the table, 0 for none.
// https://flatbuffers.dev/internals/

/** Says what is wrong; never returns. */
export type FailFlat = (state: string) => never;

/** A table of a FlatBuffer. */
export class CheckedTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #fail: FailFlat;
  readonly #fields: number;
  readonly #fieldBytes: number;

  constructor(view: DataView, at: number, fail: FailFlat) {
    this.#view = view;
    this.#at = at;
    this.#fail = fail;
    this.#need(at, 4);
    this.#fields = at - view.getInt32(at, true);
    this.#need(this.#fields, 4);
    this.#fieldBytes = view.getUint16(this.#fields, true);
    this.#need(this.#fields, this.#fieldBytes);
  }

  /** The root of a buffer that begins with its size: 4 size, 4 place of the root, 4 letters that name its schema. */
  static root(bytes: Uint8Array, fail: FailFlat): CheckedTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 12) fail('a FlatBuffer ends in its header');
    return new CheckedTable(view, 4 + view.getUint32(4, true), fail);
  }

  #need(at: number, size: number): void {
    if (at < 0 || at + size > this.#view.byteLength) this.#fail('a FlatBuffer refers to what is not there');
  }

  /** Where a field is; null where there is none. */
  #place(field: number, size: number): number | null {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#fieldBytes) return null;
    const offset = this.#view.getUint16(this.#fields + entry, true);
    if (offset === 0) return null;
    this.#need(this.#at + offset, size);
    return this.#at + offset;
  }

  int8(field: number, otherwise: number): number {
    const at = this.#place(field, 1);
    return at === null ? otherwise : this.#view.getInt8(at);
  }

  int32(field: number, otherwise: number): number {
    const at = this.#place(field, 4);
    return at === null ? otherwise : this.#view.getInt32(at, true);
  }

  int64(field: number, otherwise: bigint): bigint {
    const at = this.#place(field, 8);
    return at === null ? otherwise : this.#view.getBigInt64(at, true);
  }

  /** Where the elements of a list begin, and how many there are. */
  list(field: number, elementBytes: number): { readonly start: number; readonly count: number } {
    const at = this.#place(field, 4);
    if (at === null) return { start: 0, count: 0 };
    const list = at + this.#view.getUint32(at, true);
    this.#need(list, 4);
    const count = this.#view.getUint32(list, true);
    this.#need(list + 4, count * elementBytes);
    return { start: list + 4, count };
  }

  text(field: number): string {
    const { start, count } = this.list(field, 1);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, count));
  }

  /** The tables of a list of tables. */
  *tables(field: number): Generator<CheckedTable> {
    const { start, count } = this.list(field, 4);
    for (let i = 0, at = start; i < count; i++, at += 4) {
      yield new CheckedTable(this.#view, at + this.#view.getUint32(at, true), this.#fail);
    }
  }
}
