// Event-camera recordings: the door of src/events, published as `ruvector-memopt/events`.
export { calculateOptimalChunkSize } from './read/chunk-size.ts';
