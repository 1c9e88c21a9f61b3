// files: what a native plan writes to disk. A door of its own, for export: it loads Polars with the first plan and
// nothing else that a pipeline needs.
export { claimStaging, isFolderTarget } from './staging.ts';
export type { StagingClaim } from './staging.ts';
export { createJoinedFile } from './part-joiner.ts';
export type { JoinedFile, PartJoiner } from './part-joiner.ts';
export { createPartWriter } from './part-writer.ts';
export type { PartWriter } from './part-writer.ts';
export { isBinaryFile, partRowsOf } from './file-format.ts';
export type { FileCompression, FileFormat, FileKind } from './file-format.ts';
export { runPlan } from './run-plan.ts';
export { SqliteThread } from './sqlite-thread.ts';
export { createFileSink } from './file-sink.ts';
export type { FileSinkOptions } from './file-sink.ts';
