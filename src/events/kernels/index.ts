// Decoders and filters by WebAssembly, and worker threads that share its memory; TypeScript where it cannot run.
export { readInWorkers } from './read-in-workers.ts';
export type { DecodedBlock, WorkerReadOptions } from './read-in-workers.ts';
export { findKernelObstacle, selectDecoders } from './decoders.ts';
export type { SelectedDecoders, SelectOptions } from './decoders.ts';
export { createEventFilter } from './kernel-filter.ts';
export { createPlainLines } from './kernel-text.ts';
