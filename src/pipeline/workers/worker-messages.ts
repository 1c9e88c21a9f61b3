// What the main thread and a transform's worker say to each other. Types, and the clock both can read.
import type { ThrownInWorker } from './errors.ts';
import type { SlabMemory, SlotTicket } from '../memory/slab.ts';

/** What a worker starts with. */
export interface WorkerStart {
  /** URL of the module. */
  readonly module: string;
  readonly exportName: string;
  /** Given to the factory. */
  readonly options: unknown;
  readonly slab: SlabMemory | null;
  /** One entry a lane: when its task reached the transform (`stampMs`), 0 before. */
  readonly startedAt: Int32Array<SharedArrayBuffer>;
}

/** A batch on its way: where its bytes are. */
export interface Parcel {
  readonly schemaBytes: Uint8Array;
  readonly sizeBytes: number;
  /** A slot of the slab, or memory that was transferred. */
  readonly place: { readonly slot: SlotTicket } | { readonly memory: ArrayBuffer };
}

/** Loads the module and tells what it makes. */
export interface OpenTask {
  readonly kind: 'open';
  readonly lane: number;
  readonly inputSchema: Uint8Array;
}

export interface BatchTask {
  readonly kind: 'batch';
  readonly lane: number;
  readonly parcel: Parcel;
  /** Forget earlier batches first. */
  readonly isReset: boolean;
  /** The result may lie in a slot. */
  readonly isShared: boolean;
}

export interface CloseTask {
  readonly kind: 'close';
  readonly lane: number;
}

export type WorkerTask = OpenTask | BatchTask | CloseTask;

/** What the module made. */
export interface OpenReply {
  readonly outputSchema: Uint8Array;
  readonly isStateful: boolean;
  readonly hasClose: boolean;
}

export interface BatchReply {
  readonly parcel: Parcel | null;
  /** The memory that the batch came in, for the next one. */
  readonly returned: ArrayBuffer | null;
  /** Bytes that the transform holds now. */
  readonly heldBytes: number;
  readonly busyMs: number;
  readonly threadId: number;
}

/** An error of user code, as data. */
export interface WorkerFailure extends ThrownInWorker {
  readonly returned: ArrayBuffer | null;
}

export type WorkerReply<T> = { readonly value: T } | { readonly failure: WorkerFailure };

const STAMP_MASK = 2 ** 30 - 1;

/** Now, as a number above 0 that fits an Int32; both threads have the same clock. */
export const stampMs = (): number => (Date.now() & STAMP_MASK) + 1;

/** The time since a stamp that is at most some days old. */
export const sinceStampMs = (stamp: number): number => (stampMs() - stamp) & STAMP_MASK;
