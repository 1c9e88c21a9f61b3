// Headers: which format a file is, what its header says, and the headers of files that are written.
export { parseRecordingHeader } from './recording-header.ts';
export type { RecordingHeader, RecordingHeaderOptions } from './recording-header.ts';
export type { HeaderField } from './text-header.ts';
export { encodeRecordingHeader } from './write-header.ts';
export type { WrittenHeader } from './write-header.ts';
