// files: what is written so that it lasts (durable writes, renames, locks), what a path that a user names really is,
// and how a file takes its place there. Not the formats of files, which are their rooms'.
export { isStream, locateDestination, requireFile } from './destination.ts';
export type { Destination, LocateOptions } from './destination.ts';
export { openAppendFile } from './append-file.ts';
export type { AppendFile } from './append-file.ts';
export { renameDurably, syncFolder, writeAll, writeDurably, writeSynced } from './durable-file.ts';
export type { FileData, IfUnsynced } from './durable-file.ts';
export { openSink } from './byte-sink.ts';
export type { ByteSink } from './byte-sink.ts';
export { exchangePaths } from './exchange-paths.ts';
export { copyToSink, placeFile } from './place-file.ts';
export { describeUnwritten, isRefusal } from './errors.ts';
export { makeFolder, makeFolderSync } from './make-folder.ts';
export { nameBeside, temporarySuffix } from './name-beside.ts';
export { tryLock } from './sqlite-lock.ts';
export type { FileLock } from './sqlite-lock.ts';
export { writeNamed, writeWhole } from './write-whole.ts';
