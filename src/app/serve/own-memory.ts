// What the daemon itself holds, all its processes together, and whether that is less than it can give back.
// RSS counts a page for each process that maps it, PSS shares it out: https://docs.kernel.org/filesystems/proc.html
import { readdirSync } from 'node:fs';
import { parseChildren, parseKib, parsePids, readCommandName, readIfPossible } from '../../procfs/index.ts';
import type { NamedTargets } from '../host/config.ts';
import { formatBytes } from '../terminal.ts';

/** Memory of this process and its children. */
export interface OwnMemory {
  readonly rssKib: number;
  /** Null where the kernel has no smaps_rollup or a child's may not be read. */
  readonly pssKib: number | null;
}

/** Where the figures come from; tests point it at a fixture tree. */
export interface OwnMemoryOptions {
  /** @default '/proc' */
  readonly procRoot?: string;
  /** @default this process */
  readonly pid?: number;
  readonly nowMs?: () => number;
}

/** How long a figure is given again: a smaps_rollup walks every page of a process. */
const FRESH_MS = 10_000;

/** Builds a reader that looks at most every 10 s. */
export function createOwnMemoryReader(options: OwnMemoryOptions = {}): () => OwnMemory {
  const { procRoot = '/proc', pid = process.pid, nowMs = () => performance.now() } = options;
  let seen: { atMs: number; memory: OwnMemory } | null = null;
  return () => {
    if (seen === null || nowMs() - seen.atMs >= FRESH_MS) {
      seen = { atMs: nowMs(), memory: readMemoryOf(listTree(procRoot, pid), procRoot) };
    }
    return seen.memory;
  };
}

/** The reader of this process. */
export const readOwnMemory: () => OwnMemory = createOwnMemoryReader();

function listTree(procRoot: string, pid: number): number[] {
  return [pid, ...childrenOf(procRoot, pid).flatMap((child) => listTree(procRoot, child))];
}

/** A child belongs to the thread that started it. */
function childrenOf(procRoot: string, pid: number): number[] {
  const folder = `${procRoot}/${pid}/task`;
  return namesIn(folder).flatMap((thread) => parseChildren(readText(`${folder}/${thread}/children`)));
}

function readMemoryOf(pids: readonly number[], procRoot: string): OwnMemory {
  const rollups = pids.map((pid) => readText(`${procRoot}/${pid}/smaps_rollup`));
  const rss = pids.map((pid, i) => parseKib(rollups[i]!, 'Rss') ?? residentKib(procRoot, pid) ?? 0);
  const pss = rollups.map((text) => parseKib(text, 'Pss'));
  const fallback = process.memoryUsage.rss() / 1024;
  return {
    rssKib: Math.round(sum(rss) || fallback),
    pssKib: pss.every((value) => value !== null) ? sum(pss) : null,
  };
}

function residentKib(procRoot: string, pid: number): number | null {
  return parseKib(readText(`${procRoot}/${pid}/status`), 'VmRSS');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A process may end while it is looked at. */
const readText = (path: string): string => readIfPossible(path) ?? '';

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Bytes in use, by the files of cgroup v2 or v1. */
const readUse = (path: string): string =>
  readText(`${path}/memory.current`) || readText(`${path}/memory.usage_in_bytes`);

/** Memory of the named processes and cgroups: more than that can never be given back. */
export function readTargetKib({ pids, names, cgroups = [] }: NamedTargets, procRoot = '/proc'): number {
  const wanted = new Set(names);
  const isNamed = (pid: number): boolean => {
    const comm = readText(`${procRoot}/${pid}/comm`).trimEnd();
    return wanted.has(comm) || wanted.has(readCommandName(comm, `${procRoot}/${pid}`));
  };
  const found = wanted.size === 0 ? [] : parsePids(namesIn(procRoot)).filter(isNamed);
  const all = new Set([...pids, ...found]);
  const held = cgroups.map((path) => Number(readUse(path)) / 1024);
  return sum([...[...all].map((pid) => residentKib(procRoot, pid) ?? 0), ...held]);
}

/** What {@link paysOff} weighs. */
export interface PaysOffInput {
  /** What the daemon holds. */
  readonly ownKib: number;
  /** Resident memory of the targets. */
  readonly targetKib: number;
  /** What is given back now, as measured; null before anything was. */
  readonly savedKib: number | null;
}

/** Whether the daemon gives back more than it takes. */
export interface PaysOff {
  /** Null while that is open: the targets are larger than the daemon, and nothing was measured yet. */
  readonly pays: boolean | null;
  /** One sentence for people. */
  readonly reason: string;
}

/**
 * Weighs what the daemon takes against what it gave back, or, before that was measured, against everything the
 * targets hold: less can be given back than that, so a daemon that is larger cannot pay.
 */
export function paysOff({ ownKib, targetKib, savedKib }: PaysOffInput): PaysOff {
  const own = `the daemon takes ${formatBytes(ownKib * 1024)}`;
  if (targetKib === 0) {
    return {
      pays: false,
      reason: `${own} and has no target to give memory back: name one with --name, --pid or --cgroup`,
    };
  }
  if (targetKib + (savedKib ?? 0) <= ownKib) {
    const held = formatBytes(targetKib * 1024);
    return { pays: false, reason: `${own}, the targets hold ${held}: it does not pay here to act on them` };
  }
  if (savedKib === null) {
    return {
      pays: null,
      reason: `${own}, the targets hold ${formatBytes(targetKib * 1024)}: nothing measured yet`,
    };
  }
  const saved = `${own} and keeps ${formatBytes(savedKib * 1024)} given back`;
  return savedKib > ownKib
    ? { pays: true, reason: saved }
    : { pays: false, reason: `${saved}: it does not pay here` };
}
