// Sealed segments on disk: write, list, read, set aside, remove. The bytes are segment-layout.ts. The codecs
// are loaded with the first segment: what reads and writes Parquet is larger than the rest of the store.
import { open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import type { AnyRow, RecordKind, RuvectorError } from '../core/index.ts';
import { renameDurably, temporarySuffix } from '../files/index.ts';
import type { SegmentFooter, SegmentGroup } from './decode-segment.ts';
import { makeDirectory, setAsidePath, writeStored } from './durable-file.ts';
import { toStoreError, corruptSegmentError, removedSegmentError } from './errors.ts';
import { parseSegmentName, segmentName } from './segment-layout.ts';

/** One sealed file. Times are of its first and last row in time, both inclusive. */
export interface Segment {
  readonly path: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly generations: readonly number[];
  /** Reading of the history's own clock at the seal; absent in files of earlier releases. */
  readonly historyMs?: number;
  /** What can be decoded on its own. */
  readonly groups: readonly SegmentGroup[];
}

/** Writes rows, sorted by time, as a new segment. Rows must not be empty. */
export async function writeSegment(
  directory: string,
  kind: RecordKind,
  rows: readonly AnyRow[],
  generations: readonly number[],
  historyMs: number,
): Promise<Segment> {
  const fromMs = Number(rows[0]!['timestamp']);
  const toMs = Number(rows.at(-1)!['timestamp']);
  const path = join(directory, segmentName(fromMs, toMs, generations.at(-1) ?? 0));
  const [{ encodeSegment }, { planSegment }, { decodeSegmentFooter }] = await Promise.all([
    import('./encode-segment.ts'),
    import('./plan-segment.ts'),
    import('./decode-segment.ts'),
  ]);
  const bytes = encodeSegment(kind, rows, generations, await planSegment(kind, rows), historyMs);
  await makeDirectory(directory);
  // A segment that is there although writing it failed would claim a log that goes on taking rows.
  await writeStored(path, bytes, 'remove');
  return toSegment(path, { fromMs, toMs }, { ...decodeSegmentFooter(kind, bytes), sizeBytes: bytes.length });
}

/** The name says the times of the first and the last row; in a file that is not sorted the row groups know more. */
function toSegment(
  path: string,
  named: { readonly fromMs: number; readonly toMs: number },
  { groups, ...footer }: SegmentFooter & { readonly sizeBytes: number },
): Segment {
  const fromMs = Math.min(named.fromMs, ...groups.map((group) => group.fromMs ?? Infinity));
  const toMs = Math.max(named.toMs, ...groups.map((group) => group.toMs ?? -Infinity));
  return { path, fromMs, toMs, groups, ...footer };
}

/** Lists a kind's segments by time; files whose footer does not hold are reported, not returned. */
export async function listSegments(
  directory: string,
  kind: RecordKind,
  options: { repair: boolean; nowMs: number },
): Promise<{ segments: Segment[]; problems: RuvectorError[] }> {
  const segments: Segment[] = [];
  const problems: RuvectorError[] = [];
  for (const name of await readNames(directory)) {
    const path = join(directory, name);
    const times = parseSegmentName(name);
    if (name.endsWith(temporarySuffix) && options.repair) await rm(path, { force: true });
    if (!times) continue;
    try {
      segments.push(toSegment(path, times, await readFooter(kind, path)));
    } catch (cause) {
      // Another process's retention may remove a file between the listing and the read.
      if (systemCodeOf(cause) === 'ENOENT') continue;
      problems.push(await toProblem(path, cause, options));
    }
  }
  segments.sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
  return { segments, problems };
}

async function readNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return [];
    throw toStoreError('list', directory, cause);
  }
}

async function readFooter(
  kind: RecordKind,
  path: string,
): Promise<SegmentFooter & { readonly sizeBytes: number }> {
  const { decodeFooterLength, decodeSegmentFooter, footerTailBytes } = await import('./decode-segment.ts');
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const guess = Buffer.alloc(Math.min(size, 8192));
    await handle.read(guess, 0, guess.length, size - guess.length);
    const footerBytes = decodeFooterLength(guess) + footerTailBytes;
    if (footerBytes > size) throw new TypeError('its footer is longer than the file');
    if (footerBytes <= guess.length) return { ...decodeSegmentFooter(kind, guess), sizeBytes: size };
    const end = Buffer.alloc(footerBytes);
    await handle.read(end, 0, footerBytes, size - footerBytes);
    return { ...decodeSegmentFooter(kind, end), sizeBytes: size };
  } finally {
    await handle.close();
  }
}

/**
 * Reads a whole segment and hands its bytes to `use`, which throws when they do not hold. Resolves to
 * a problem when retention removed it or it is damaged.
 */
export async function readSegment<T>(
  segment: Segment,
  use: (file: Buffer) => T | Promise<T>,
  options: { repair: boolean; nowMs: number },
): Promise<T | RuvectorError> {
  try {
    return await use(await readFile(segment.path));
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return removedSegmentError(segment.path, cause);
    return toProblem(segment.path, cause, options);
  }
}

/** Removes a segment that retention gives up. */
export async function removeSegment(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw toStoreError('remove', path, cause);
  });
}

/** A disk that refuses to read says nothing about the file; bytes that do not hold are set aside. */
async function toProblem(
  path: string,
  cause: unknown,
  { repair, nowMs }: { repair: boolean; nowMs: number },
): Promise<RuvectorError> {
  if (isSystemError(cause)) return toStoreError('read', path, cause);
  if (!repair) return corruptSegmentError(path, null, cause);
  const setAside = setAsidePath(path, nowMs);
  try {
    await renameDurably(path, setAside, 'keep');
    return corruptSegmentError(path, setAside, cause);
  } catch {
    return corruptSegmentError(path, null, cause);
  }
}

/** A failed system call, as opposed to bytes that do not decode (zlib errors carry a code too). */
function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause;
}
