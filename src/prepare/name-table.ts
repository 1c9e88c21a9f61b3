// Numbers the names of a text column by their bytes, so that each distinct name is decoded and hashed
// once. Two names that share a hash share a number: the release cannot tell them apart either.
import type * as arrow from 'apache-arrow';

/** Numbers names. `resolve` is asked once for each distinct name; -1 means that it is not wanted. */
export class NameTable {
  readonly #resolve: (name: string) => number;
  readonly #decoder = new TextDecoder();
  /** Bytes of all names, one after the other; name i is `#ends[i-1] .. #ends[i]`. */
  #bytes = new Uint8Array(1024);
  #ends = new Int32Array(64);
  #ids = new Int32Array(64);
  #slots = new Int32Array(256).fill(-1);
  #size = 0;

  constructor(resolve: (name: string) => number) {
    this.#resolve = resolve;
  }

  /** The number of each row's name. The column must be utf8 and hold no null. */
  idsOf(column: arrow.Data): Int32Array {
    const offsets = column.valueOffsets as Int32Array;
    const bytes = column.values as Uint8Array;
    const ids = new Int32Array(column.length);
    for (let i = 0; i < ids.length; i++) ids[i] = this.#idOf(bytes, offsets[i]!, offsets[i + 1]!);
    return ids;
  }

  #idOf(bytes: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashBytes(bytes, from, to) & mask;
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry < 0) break;
      if (this.#equals(entry, bytes, from, to)) return this.#ids[entry]!;
      slot = (slot + 1) & mask;
    }
    const id = this.#resolve(this.#decoder.decode(bytes.subarray(from, to)));
    this.#remember(slot, bytes.subarray(from, to), id);
    return id;
  }

  #startOf(entry: number): number {
    return entry === 0 ? 0 : this.#ends[entry - 1]!;
  }

  #equals(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#startOf(entry);
    if (this.#ends[entry]! - start !== to - from) return false;
    for (let i = from; i < to; i++) if (this.#bytes[start + i - from] !== bytes[i]) return false;
    return true;
  }

  #remember(slot: number, name: Uint8Array, id: number): void {
    const start = this.#startOf(this.#size);
    this.#makeRoom(start + name.length);
    this.#bytes.set(name, start);
    this.#ends[this.#size] = start + name.length;
    this.#ids[this.#size] = id;
    this.#slots[slot] = this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
  }

  #makeRoom(byteCount: number): void {
    if (byteCount > this.#bytes.length) {
      const bytes = new Uint8Array(byteCount * 2);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    if (this.#size < this.#ids.length) return;
    this.#ends = longer(this.#ends);
    this.#ids = longer(this.#ids);
  }

  #growSlots(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Int32Array(mask + 1).fill(-1);
    for (let entry = 0; entry < this.#size; entry++) {
      let slot = hashBytes(this.#bytes, this.#startOf(entry), this.#ends[entry]!) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

function longer(values: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(values.length * 2);
  copy.set(values);
  return copy;
}

/** FNV-1a, with its weak low bits stirred. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
