// One write-ahead log file on disk: create, append durably, replay, set aside. The bytes are
// wal-layout.ts; who appends and when is kind-log.ts.
import { copyFile, link, readFile, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AnyRow, RecordKind, RuvectorError } from '../core/index.ts';
import { openAppendFile, syncFolder } from '../files/index.ts';
import type { AppendFile } from '../files/index.ts';
import { decodeWal } from './decode-wal.ts';
import type { DecodedWal } from './decode-wal.ts';
import { buildWalEncoder } from './encode-wal.ts';
import type { WalEncoder } from './encode-wal.ts';
import { setAsidePath, writeStored } from './durable-file.ts';
import { toStoreError, corruptWalError } from './errors.ts';
import { walName } from './wal-layout.ts';

/** A torn tail that was cut off at open: what a killed writer leaves. Nothing flushed was in it. */
export interface Recovered {
  readonly kind: string;
  readonly path: string;
  /** Rows kept. */
  readonly rows: number;
  readonly cutBytes: number;
}

/** An open log. */
export interface WalFile {
  readonly path: string;
  readonly generation: number;
  /** Ends at its last whole frame. */
  readonly file: AppendFile;
  readonly encoder: WalEncoder;
}

/** A log read back. */
export interface ReplayedWal {
  readonly rows: AnyRow[];
  readonly sizeBytes: number;
  /** False when the file's schema is an older version's; new rows then go to a new log. */
  readonly isCurrent: boolean;
  readonly recovered: Recovered | null;
  readonly problem: RuvectorError | null;
}

/** Creates an empty log; it appears with its whole head or not at all. */
export async function createWal(directory: string, kind: RecordKind, generation: number): Promise<WalFile> {
  const path = join(directory, walName(kind.name, generation));
  const encoder = buildWalEncoder(kind);
  await writeStored(path, encoder.head);
  return openWal(path, generation, encoder, encoder.head.length);
}

/** Opens a healthy log for appending behind its last whole frame. */
export async function openWal(
  path: string,
  generation: number,
  encoder: WalEncoder,
  sizeBytes: number,
): Promise<WalFile> {
  try {
    return { path, generation, file: await openAppendFile(path, sizeBytes), encoder };
  } catch (cause) {
    throw toStoreError('open', path, cause);
  }
}

/**
 * Appends rows as one frame and waits until the disk has it.
 * @throws RuvectorError `ERR_STORE_DISK_FULL`, `ERR_STORE_IO`; the file then ends at its last whole frame
 */
export async function appendToWal(wal: WalFile, rows: readonly AnyRow[]): Promise<void> {
  await wal.file.append(wal.encoder.encodeFrame(rows)).catch((cause: unknown) => {
    throw toStoreError('append to', wal.path, cause);
  });
}

/** Closes a log whose rows are sealed, and removes it. */
export async function removeWal(wal: WalFile): Promise<void> {
  await wal.file[Symbol.asyncDispose]();
  await removeWalFiles([wal.path]);
}

/** Removes logs whose rows are sealed. One left behind by an error is dropped at the next open. */
export async function removeWalFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await rm(path, { force: true });
      await syncFolder(dirname(path));
    } catch (cause) {
      throw toStoreError('remove', path, cause);
    }
  }
}

/**
 * Reads a log back. A torn tail is cut off; a damaged file is kept beside as `*.corrupt-<time>` and
 * replaced by one holding every row that could still be read.
 * @param repair false leaves the disk alone (readOnly)
 */
export async function replayWal(
  kind: RecordKind,
  path: string,
  options: { repair: boolean; nowMs: number },
): Promise<ReplayedWal> {
  const encoder = buildWalEncoder(kind);
  const bytes = await readFile(path);
  const decoded = decodeWal(kind, bytes, encoder.head);
  if (decoded.damages.length > 0) return repairWal(path, encoder, decoded, options);
  const cutBytes = bytes.length - decoded.goodEnd;
  const { rows, goodEnd: sizeBytes } = decoded;
  const isCurrent = bytes.subarray(0, encoder.head.length).equals(encoder.head);
  const replayed = { rows, sizeBytes, isCurrent, recovered: null, problem: null };
  if (cutBytes === 0 || !options.repair) return replayed;
  await truncate(path, sizeBytes).catch((cause: unknown) => {
    throw toStoreError('cut the torn tail of', path, cause);
  });
  return { ...replayed, recovered: { kind: kind.name, path, rows: rows.length, cutBytes } };
}

async function repairWal(
  path: string,
  encoder: WalEncoder,
  { rows, damages }: DecodedWal,
  { repair, nowMs }: { repair: boolean; nowMs: number },
): Promise<ReplayedWal> {
  const details = { damages, rowsKept: rows.length };
  if (!repair) {
    return {
      rows,
      sizeBytes: 0,
      isCurrent: false,
      recovered: null,
      problem: corruptWalError(path, null, details),
    };
  }
  const setAside = await keepCopy(path, nowMs);
  const healed = rows.length > 0 ? Buffer.concat([encoder.head, encoder.encodeFrame(rows)]) : encoder.head;
  await writeStored(path, healed);
  return {
    rows,
    sizeBytes: healed.length,
    isCurrent: true,
    recovered: null,
    problem: corruptWalError(path, setAside, details),
  };
}

/** Gives the damaged bytes a second name, so that the rename of the healed file loses nothing. */
async function keepCopy(path: string, nowMs: number): Promise<string> {
  const setAside = setAsidePath(path, nowMs);
  try {
    await link(path, setAside).catch(() => copyFile(path, setAside));
    return setAside;
  } catch (cause) {
    throw toStoreError('set aside', path, cause);
  }
}
