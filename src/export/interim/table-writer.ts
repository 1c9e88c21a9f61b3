// What each of the interim writers implements; ../write-tables.ts of the sinks replaces this folder.
import type { FileHandle } from 'node:fs/promises';
import type * as arrow from 'apache-arrow';
export interface TableWriter {
  write(batch: arrow.RecordBatch): Promise<void>;
  checkpoint?(): Promise<{ readonly bytes: number }>;
  finish(): Promise<void>;
  abort(): Promise<void>;
}
export interface WriterStart {
  readonly rows: number;
  readonly bytes: number;
}
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}
