// files: what a path that a user names really is, and how a file takes its place there.
export { isStream, locateDestination, requireFile } from './destination.ts';
export type { Destination, LocateOptions } from './destination.ts';
export { openSink } from './byte-sink.ts';
export type { ByteSink } from './byte-sink.ts';
export { exchangePaths } from './exchange-paths.ts';
export { copyToSink, placeFile } from './place-file.ts';
export { isRefusal } from './errors.ts';
export { nameBeside } from './name-beside.ts';
export { writeWhole } from './write-whole.ts';
