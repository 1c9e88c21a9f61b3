// shared-memory: files in memory that two processes of one host have open: rings of slots for batches, segments for
// values. Not who says what is in them: that is the bridge's protocol, and the kernel's. Nothing of Arrow, so that a
// kernel loads it at once; published as `ruvector-memopt/shared-memory`.
export { takeHandedFile } from './handed-file.ts';
export { MEMORY_FOLDER, findObstacle, readBootId } from './memory-folder.ts';
export { loadMemoryMap } from './memory-map.ts';
export type { MappedRange, MemoryMap } from './memory-map.ts';
export { sweepMemoryFiles } from './memory-file.ts';
export { createSlotRing, ringBytes } from './slot-ring.ts';
export type { RingLayout, RingPlace, SlotRing } from './slot-ring.ts';
export { SEGMENT_MIN_BYTES, createMappedTaker, createSegmentPool } from './segments.ts';
export { createSharedBlock } from './shared-block.ts';
