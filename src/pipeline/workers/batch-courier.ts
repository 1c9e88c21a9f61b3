// A batch on its way to a worker and back: in the slot it already lies in, in a slot it is written into, or, when it is
// larger than a slot or none is free, in a buffer that is transferred and comes back for the next batch.
import type { Batch, MemoryBudget } from '../contract.ts';
import { buildBatchReader, buildBatchWriter, holdSlot, slotOf } from '../memory/batch-slots.ts';
import { createBufferPool } from '../memory/buffer-pool.ts';
import type { Slab } from '../memory/slab.ts';
import type { Parcel } from './worker-messages.ts';

/** A batch that can be posted. */
export interface PackedBatch {
  readonly parcel: Parcel;
  readonly transferList: readonly ArrayBuffer[];
  /** Gives its place back. `returned` is the memory that came back, null when the worker lost it. */
  release(returned: ArrayBuffer | null): void;
}

/** Packs on the main thread. */
export class BatchCourier {
  readonly #slab: Slab | null;
  readonly #buffers;
  readonly #writer = buildBatchWriter();
  readonly #reader = buildBatchReader();
  #bufferBytes = 0;

  constructor(slab: Slab | null, budget: MemoryBudget) {
    this.#slab = slab;
    this.#buffers = createBufferPool(budget);
  }

  /** Bytes of buffers outside the slab, on their way or idle. */
  get heldBytes(): number {
    return this.#bufferBytes + this.#buffers.idleBytes;
  }

  /** Packs into the slab; null when the batch has to travel otherwise. */
  tryPack(batch: Batch): PackedBatch | null {
    const schemaBytes = this.#writer.schemaBytesOf(batch);
    const held = slotOf(batch);
    // Whoever reads the batch last releases that slot.
    if (held) {
      const place = { slot: held.slot.ticket };
      return pack({ schemaBytes, sizeBytes: held.sizeBytes, place }, [], () => {});
    }
    const plan = this.#writer.layOut(batch);
    const slot = this.#slab?.tryTake(plan.sizeBytes);
    if (!slot) return null;
    plan.writeTo(slot.bytes);
    const place = { slot: slot.ticket };
    return pack({ schemaBytes, sizeBytes: plan.sizeBytes, place }, [], () => slot.release());
  }

  /** Packs in any case, once the bytes of a buffer are leased. @throws what `MemoryBudget.lease` throws */
  async pack(batch: Batch, signal: AbortSignal): Promise<PackedBatch> {
    const packed = this.tryPack(batch);
    if (packed) return packed;
    const { sizeBytes, writeTo } = this.#writer.layOut(batch);
    const pooled = await this.#buffers.take(sizeBytes, signal);
    const { buffer } = pooled;
    const { byteLength } = buffer;
    this.#bufferBytes += byteLength;
    writeTo(new Uint8Array(buffer));
    const schemaBytes = this.#writer.schemaBytesOf(batch);
    return pack({ schemaBytes, sizeBytes, place: { memory: buffer } }, [buffer], (returned) => {
      this.#bufferBytes -= byteLength;
      pooled.release(returned);
    });
  }

  /** What a worker gave, as views of where it lies. */
  unpack(parcel: Parcel | null): Batch | null {
    if (parcel === null) return null;
    const { schemaBytes, sizeBytes, place } = parcel;
    if ('memory' in place) return this.#reader.read(schemaBytes, new Uint8Array(place.memory, 0, sizeBytes));
    const slot = this.#slab!.takeOver(place.slot)!;
    const batch = this.#reader.read(schemaBytes, slot.bytes.subarray(0, sizeBytes));
    holdSlot(batch, { slot, sizeBytes });
    return batch;
  }

  trim(): void {
    this.#buffers.trim();
  }
}

/** What is released once is not released again. */
function pack(
  parcel: Parcel,
  transferList: readonly ArrayBuffer[],
  giveBack: (returned: ArrayBuffer | null) => void,
): PackedBatch {
  let isOut = true;
  return {
    parcel,
    transferList,
    release(returned) {
      if (isOut) giveBack(returned);
      isOut = false;
    },
  };
}
