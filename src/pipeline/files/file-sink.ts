// A file at a path as the sink of native plans: made in a folder beside its target and put in its place when it is
// whole; into a pipe, a device or standard output the bytes go part by part.
import { join } from 'node:path';
import type * as arrow from 'apache-arrow';
import { copyToSink, isStream, locateDestination, openSink, placeFile } from '../../files/index.ts';
import type { ByteSink, Destination } from '../../files/index.ts';
import type { NativeSink } from '../contract.ts';
import { fileBusyError, fileWriteError } from './errors.ts';
import { isBinaryFile, partRowsOf } from './file-format.ts';
import type { FileKind } from './file-format.ts';
import { createJoinedFile } from './part-joiner.ts';
import { createPartWriter } from './part-writer.ts';
import type { PartWriter } from './part-writer.ts';
import { claimStaging } from './staging.ts';
import type { StagingClaim } from './staging.ts';
import { SqliteThread } from './sqlite-thread.ts';

/** Options of {@link createFileSink}. */
export interface FileSinkOptions extends FileKind {
  /** A file, a named pipe, a device, or `-` for standard output. */
  readonly path: string;
  /** Types, metadata and units of the columns, for formats that keep them. @default as the first part has them */
  readonly schema?: arrow.Schema | undefined;
  /** Name of the table in SQLite. @default 'rows' */
  readonly table?: string | undefined;
  /** Called once when nobody reads a named pipe yet. */
  readonly onWait?: (() => void) | undefined;
}

/** A file that plans write. Nothing is touched before `open`. */
export function createFileSink(options: FileSinkOptions): NativeSink {
  const writer = createPartWriter(options, options.schema);
  let opened: OpenFile | null = null;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw fileWriteError(options.path, error);
    }
  };
  return {
    name: options.path,
    // A descriptor may be a file: what it costs to be wrong is a copy.
    partRows: partRowsOf(options, options.path === '-'),
    open: (signal) =>
      guard(async () => {
        opened = await openFile(options, writer, signal);
        return opened.claim.folder;
      }),
    write: (frame, path, part) => writer.write(frame, path, part),
    append: (path) => guard(() => opened!.file.append(path)),
    finish: () =>
      guard(async () => {
        await opened!.file.finish();
        const notes = await placeWhole(opened!);
        await opened!.claim.remove();
        return notes;
      }),
    abort: async () => {
      await opened?.claim.discard().catch(() => undefined);
      await opened?.file.close().catch(() => undefined);
      await opened?.stream?.close().catch(() => undefined);
    },
  };
}

/** A file in the making, and where it goes. */
interface OpenFile {
  readonly claim: StagingClaim;
  readonly destination: Destination;
  /** Path of the file in the folder; null where the parts go out at once. */
  readonly staged: string | null;
  readonly stream: ByteSink | null;
  readonly file: {
    append(path: string): Promise<void>;
    finish(): Promise<void>;
    close(): Promise<void>;
  };
}

async function openFile(
  options: FileSinkOptions,
  writer: PartWriter,
  signal: AbortSignal | undefined,
): Promise<OpenFile> {
  const { path, schema, table = 'rows', onWait } = options;
  const destination = await locateDestination(path);
  if (destination.kind === 'folder')
    throw Object.assign(new Error(`"${path}" is a folder`), { code: 'EISDIR' });
  const busyError = (pid: number | null): Error => fileBusyError(path, pid);
  const claim = await claimStaging(path, { destinations: [destination], busyError });
  try {
    const stream = isStream(destination)
      ? await openSink(destination, { signal, onWait, isBinary: isBinaryFile(options) })
      : null;
    const staged = join(claim.folder, 'file');
    if (options.format === 'sqlite') {
      return { claim, destination, staged, stream, file: await openDatabase(staged, table, schema) };
    }
    const file = createJoinedFile(options, stream ? { sink: stream } : { path: staged }, { schema, writer });
    return { claim, destination, staged: stream ? null : staged, stream, file };
  } catch (error) {
    await claim.discard().catch(() => undefined);
    throw error;
  }
}

async function openDatabase(
  path: string,
  table: string,
  schema: arrow.Schema | undefined,
): Promise<OpenFile['file']> {
  const thread = new SqliteThread(path);
  const joiner = await thread.startTable(table, schema);
  return {
    append: (part) => joiner.append(part),
    finish: async () => {
      await joiner.finish();
      await thread.finish();
      await thread[Symbol.asyncDispose]();
    },
    close: () => thread[Symbol.asyncDispose](),
  };
}

async function placeWhole({ staged, stream, destination }: OpenFile): Promise<readonly string[]> {
  if (staged === null) return [];
  if (!stream) return placeFile(staged, destination);
  await copyToSink(staged, stream);
  await stream.close();
  return [];
}
