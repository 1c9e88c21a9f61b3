// Filters of events, in TypeScript; the kernels' are in ../kernels.
export { planFilter } from './filter-options.ts';
export type { EventFilter, EventFilterOptions, FilterPlan, PixelRegion } from './filter-options.ts';
export { findHotPixels, HotPixelFinder } from './hot-pixels.ts';
export { createScriptFilter, markPixels } from './script-filter.ts';
export { findTime, isInOrder, viewTimeWindow } from './time-window.ts';
