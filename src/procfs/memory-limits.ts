// The limits a process's pages count against: those of its memory cgroup and of every ancestor.
import { findFlatValue } from './keyed-values.ts';
import { memoryFiles } from './memory-files.ts';
import type { MemoryFolders } from './memory-mounts.ts';

/** Reads a small file; null where there is none. */
export type ReadText = (path: string) => string | null;

/** The limit of one cgroup that has the memory controller. */
export interface MemoryLimit {
  /** Its folder. */
  readonly path: string;
  readonly version: 1 | 2;
  /** The lower of its limits (memory.max and memory.high; memory.limit_in_bytes), Infinity without one. */
  readonly limitBytes: number;
  /** The file and the text that are no limit, null when all are. Its limit then is that of its other file. */
  readonly bad: string | null;
}

/**
 * Reads the limits from a process's cgroup upwards, without the folders that lack the controller (the root of
 * version 2, a cgroup that was removed). The smallest of them is in force.
 */
export function readMemoryLimits({ version, folders }: MemoryFolders, readText: ReadText): MemoryLimit[] {
  const limits: MemoryLimit[] = [];
  for (const path of folders) {
    const limit = readMemoryLimit(path, version, readText);
    if (limit === null) continue;
    limits.push(limit);
    // A v1 cgroup without use_hierarchy is not counted against its ancestors.
    if (version === 1 && readText(`${path}/memory.use_hierarchy`)?.trim() === '0') break;
  }
  return limits;
}

/** Reads the limit of one cgroup; null where it lacks the controller. */
export function readMemoryLimit(path: string, version: 1 | 2, readText: ReadText): MemoryLimit | null {
  const texts = memoryFiles[version].limits.map((file) => ({ file, text: readText(`${path}/${file}`) }));
  return texts.every(({ text }) => text === null) ? null : { path, version, ...lowest(texts) };
}

function lowest(
  texts: readonly { file: string; text: string | null }[],
): Pick<MemoryLimit, 'limitBytes' | 'bad'> {
  let limitBytes = Infinity;
  let bad: string | null = null;
  for (const { file, text } of texts) {
    const limit = text === null ? Infinity : parseLimitBytes(text);
    if (limit === null) bad = `${file}: ${text!.trim()}`;
    else limitBytes = Math.min(limitBytes, limit);
  }
  return { limitBytes, bad };
}

/**
 * Parses a limit file. `max` and what no memory can reach (version 1 writes the largest multiple of a page
 * below 2^63, or 2^64 - 1) are no limit: Infinity.
 * @returns null for anything else than a limit
 */
export function parseLimitBytes(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === 'max') return Infinity;
  if (!/^\d{1,20}$/.test(trimmed)) return null;
  const bytes = Number(trimmed);
  return Number.isSafeInteger(bytes) ? bytes : Infinity;
}

/** The limit in force by version 1's memory.stat, which knows ancestors that a container does not show; Infinity without one. */
export function parseHierarchicalLimit(stat: string): number {
  const text = findFlatValue(stat, 'hierarchical_memory_limit');
  return (text === null ? null : parseLimitBytes(text)) ?? Infinity;
}
