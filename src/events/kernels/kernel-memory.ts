// The memory that kernels work on: one shared WebAssembly memory, from which inputs, slots and states are cut. It grows
// as they are asked for and goes as a whole with the last view of it, so one reading has one of its own.
//
//   0      64 KiB
//   ┌──────┬──────────────────────────────────────────────┐
//   │ head │ states, inputs and slots, in order of asking │
//   └──────┴──────────────────────────────────────────────┘
//   head: 0 control words of workers, 4096 tables (assembly/tables.ts), 8 KiB
import { createEventSlot, eventSlotBytes } from '../model/index.ts';
import type { EventSlot, TriggerSlot } from '../model/index.ts';
import { kernelMemoryError } from './errors.ts';
import { KERNEL_BASE64 } from './kernel-bytes.ts';
import { webAssembly } from './web-assembly.ts';
import type { WasmMemory, WasmModule } from './web-assembly.ts';

const PAGE_BYTES = 65_536;
const ALIGNMENT_BYTES = 64;
const LARGEST_PAGES = 65_536;
/** t, id and value of a trigger. */
export const TRIGGER_BYTES = 10;

/** Where the tables of the head lie. */
export const TABLES_AT = 4096;

type DecodeKernel = (state: number, input: number, bytes: number) => number;

type ColumnAddresses = [t: number, x: number, y: number, p: number, length: number];
type PixelKernel = (
  memory: number,
  width: number,
  height: number,
  columns: number,
  length: number,
  period: bigint,
) => number;

/** What assembly/index.ts exports. Every address is a byte offset into the memory. */
export interface Kernels {
  readonly buildTables: (at: number) => void;
  readonly decodeTextLines: DecodeKernel;
  readonly keepEvents: (rules: number, ...columns: ColumnAddresses) => number;
  readonly dropPixels: (
    mask: number,
    width: number,
    height: number,
    columns: number,
    length: number,
  ) => number;
  readonly dropRefractory: PixelKernel;
  readonly dropIsolated: PixelKernel;
  readonly forgetPixels: (memory: number, pixels: number) => void;
  readonly shiftTimes: (t: number, length: number, shift: bigint) => void;
  readonly decodeDat: DecodeKernel;
  readonly decodeEvt2: DecodeKernel;
  readonly decodeEvt21: DecodeKernel;
  readonly decodeEvt3: DecodeKernel;
  readonly decodeEvt4: DecodeKernel;
}

/** What another thread opens the same memory with; it may be posted. */
export interface KernelHandle {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
}

let compiled: WasmModule | undefined;

/**
 * Compiles the kernels, once a thread.
 * @throws whatever the engine says when it has no WebAssembly, no SIMD or no shared memory
 */
export function compileKernels(): WasmModule {
  compiled ??= new webAssembly!.Module(Buffer.from(KERNEL_BASE64, 'base64'));
  return compiled;
}

/** A part of a memory, in bytes. */
export interface MemoryArena {
  readonly start: number;
  readonly end: number;
}

/** Memory and kernels of one reading, as one thread sees them. */
export class KernelMemory {
  readonly kernels: Kernels;
  readonly handle: KernelHandle;
  /** Growing gives a new buffer over the same bytes; views of the older ones stay good. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  #next: number;
  /** Where it may not go on; it grows where there is no such place. */
  readonly #end: number;

  /** @param arena the part of a memory of another thread that this one may cut from */
  constructor(handle?: KernelHandle, arena: MemoryArena = { start: PAGE_BYTES, end: Infinity }) {
    this.#next = arena.start;
    this.#end = arena.end;
    this.handle = handle ?? {
      module: compileKernels(),
      memory: new webAssembly!.Memory({ initial: 1, maximum: LARGEST_PAGES, shared: true }),
    };
    const { module, memory } = this.handle;
    const instance = new webAssembly!.Instance(module, { env: { memory } });
    this.kernels = instance.exports as Kernels;
    this.kernels.buildTables(TABLES_AT);
  }

  /** The whole memory as it is now. */
  get buffer(): ArrayBufferLike {
    const { buffer } = this.handle.memory;
    this.#buffers.add(buffer);
    return buffer;
  }

  /** True when kernels can reach `view` without a copy. */
  holds(view: ArrayBufferView): boolean {
    return this.#buffers.has(view.buffer);
  }

  /** Address of so many new bytes, which are 0; null when the memory cannot grow so far. */
  tryAllocate(sizeBytes: number): number | null {
    const at = this.#next;
    const end = at + Math.ceil(sizeBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    if (end > this.#end) return null;
    const missing = Math.ceil((end - this.handle.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0 && !this.#tryGrow(missing)) return null;
    this.#next = end;
    return at;
  }

  #tryGrow(pages: number): boolean {
    try {
      this.handle.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  /** Address of so many new bytes. @throws RuvectorError `ERR_EVENTS_KERNEL_MEMORY` when the memory cannot grow so far */
  allocate(sizeBytes: number): number {
    const at = this.tryAllocate(sizeBytes);
    if (at === null) throw kernelMemoryError(sizeBytes);
    return at;
  }

  /** Bytes in this memory. @throws RuvectorError `ERR_EVENTS_KERNEL_MEMORY` */
  allocateBytes(sizeBytes: number): Uint8Array {
    const at = this.allocate(sizeBytes);
    return new Uint8Array(this.buffer, at, sizeBytes);
  }

  /** A slot for events in this memory. @throws RuvectorError `ERR_EVENTS_KERNEL_MEMORY` */
  allocateSlot(capacity: number): EventSlot {
    const at = this.allocate(eventSlotBytes(capacity));
    return createEventSlot(capacity, this.buffer, at);
  }

  /** A slot for triggers in this memory. @throws RuvectorError `ERR_EVENTS_KERNEL_MEMORY` */
  allocateTriggerSlot(capacity: number): TriggerSlot {
    // The memory may grow first: its buffer of before would be too short.
    const at = this.allocate(capacity * TRIGGER_BYTES);
    return viewTriggerSlot(this.buffer, at, capacity);
  }
}

/** A slot for triggers over {@link TRIGGER_BYTES} each. */
export function viewTriggerSlot(buffer: ArrayBufferLike, at: number, capacity: number): TriggerSlot {
  return {
    t: new BigInt64Array(buffer, at, capacity),
    lanes: new Uint32Array(buffer, at, capacity * 2),
    id: new Uint8Array(buffer, at + capacity * 8, capacity),
    value: new Uint8Array(buffer, at + capacity * 9, capacity),
    capacity,
    length: 0,
  };
}
