// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';

// Files
export { createFileSink } from './files/index.ts';
export type { FileCompression, FileFormat, FileKind, FileSinkOptions } from './files/index.ts';
