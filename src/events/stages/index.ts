// Recordings at both ends of a pipeline.
export { openRecordingSink } from './recording-sink.ts';
export { openRecordingSource } from './recording-source.ts';
