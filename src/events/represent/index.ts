// Representations of events as tensors.
export { buildDifference, buildCountFrames, buildHistogram } from './frames.ts';
export type { HistogramOptions } from './frames.ts';
export type { EventTensor } from './tensor.ts';
export { buildLatestTimes, buildTimeSurfaces } from './time-surface.ts';
export type { TimeSurfaceOptions } from './time-surface.ts';
export { sliceEvents } from './event-slices.ts';
export type { EventSlice, SliceOptions } from './event-slices.ts';
export { buildEventCube, buildVoxelGrid } from './voxel-grid.ts';
export type { EventCubeOptions } from './voxel-grid.ts';
