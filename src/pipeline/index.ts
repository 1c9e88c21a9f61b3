// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';

// Memory, workers, types.
export {
  buildBatchReader,
  buildBatchWriter,
  holdSlot,
  releaseBatch,
  slotOf,
  splitBatch,
} from './memory/batch-slots.ts';
export type { BatchReader, BatchWriter } from './memory/batch-slots.ts';
export { createMemoryBudget } from './memory/budget.ts';
export { createBufferPool } from './memory/buffer-pool.ts';
export type { BufferPool, PooledBuffer } from './memory/buffer-pool.ts';
export { createPressureHandler } from './memory/pressure.ts';
export type { CgroupReading, PressureHandler, PressureOptions, PressureReading } from './memory/pressure.ts';
export { readMemoryPressure } from './memory/read-memory-pressure.ts';
export { encodeTable } from './memory/encode-table.ts';
export { isSameSchema } from './memory/same-schema.ts';
export { attachSlab, createSlab } from './memory/slab.ts';
export type { OwnedSlab, Slab, SlabMemory, Slot, SlotClass, SlotTicket } from './memory/slab.ts';
export { createWorkerTransform } from './workers/worker-transform.ts';
export type {
  TransformReference,
  WorkerTransform,
  WorkerTransformOptions,
} from './workers/worker-transform.ts';
export type { ThreadLimits } from './workers/worker-pool.ts';
export { assembleBatch, buildBlockBatch, readBlock } from './types/blocks.ts';
export type { ColumnBlock, NumberArray } from './types/blocks.ts';
export { conformBatch } from './types/conform.ts';
export { fromPolars, toPolars } from './types/polars.ts';
export { buildTensorColumn, buildTensorField, readTensorLayout, readTensors } from './types/tensor.ts';
export type { TensorColumn, TensorLayout } from './types/tensor.ts';
export {
  buildEmbeddingField,
  buildSparseColumn,
  buildSparseField,
  readEmbeddings,
  readSparseRows,
} from './types/vectors.ts';
export type { SparseRows } from './types/vectors.ts';
