// Everything the optimizer reads from the host, behind one interface that tests replace.
// Reads only; parsing lives beside each format.
import { readFile, readdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import {
  memoryFiles,
  parseAuxv,
  parseKib,
  parsePids,
  parsePressureTotal,
  parseProcessStatm,
  readBytesOrNull,
  usualConstants,
} from '../procfs/index.ts';
import type { Mapping, SystemConstants } from '../procfs/index.ts';
import { readFileSystems, readMappings } from './mappings.ts';
import { readCgroupFolder, readMemoryCgroups } from './memory-cgroup.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import { openPageCache } from './page-cache.ts';
import type { PageCache } from './page-cache.ts';
import { openPagemap } from './pagemap.ts';
import type { Pagemap } from './pagemap.ts';
import { readPerCpuFreeKib } from './per-cpu-free.ts';
import { readProcessStat, readProcessUid } from './process-stat.ts';
import type { TargetStat } from './process-stat.ts';
import { readCompressedStore, readReclaimBackend } from './reclaim-backend.ts';
import type { CompressedStore, ReclaimBackend } from './reclaim-backend.ts';
import type { MappingPlace } from './region-map.ts';

/** Levels of the host's memory. */
export interface MemoryLevels {
  /** MemFree and the pages in per-CPU lists, which MemFree leaves out. */
  readonly freeKib: number;
  readonly memAvailableKib: number;
  /** Page cache and buffers. */
  readonly cachedKib: number;
}

/** A cgroup v2's memory use and stall. */
export interface CgroupUse {
  readonly currentBytes: number;
  /** Total of `some` in memory.pressure; null without PSI. */
  readonly psiSomeUs: number | null;
}

/** The host as the optimizer sees it. */
export interface HostReaders {
  readonly pageSizeBytes: number;
  readLevels(): Promise<MemoryLevels>;
  readBackend(): Promise<ReclaimBackend>;
  /** What swap holds compressed in memory; null where nothing is. */
  readCompressedStore(): Promise<CompressedStore | null>;
  listPids(): Promise<number[]>;
  readStat(pid: number): Promise<TargetStat | null>;
  /** Resident pages of files and shared memory (statm); null when the process is gone. */
  readFilePages(pid: number): Promise<number | null>;
  readUid(pid: number): Promise<number | null>;
  readMappings(pid: number): Promise<Mapping[]>;
  readFileSystems(pid: number): Promise<ReadonlyMap<string, string>>;
  /** Null when there is no such process or it may not be read. */
  openPagemap(pid: number): Pagemap | null;
  /** The page cache of a file the process maps; null when it cannot be asked. */
  openPageCache(pid: number, mapping: MappingPlace): Promise<PageCache | null>;
  readCgroup(path: string): Promise<CgroupUse | null>;
  /** Processes in a cgroup and those below it; null where the folder is none. */
  listMembers(path: string): Promise<number[] | null>;
  /** Every cgroup with a limit that the process's pages count against, the nearest first. */
  readMemoryCgroups(pid: number): Promise<MemoryCgroup[]>;
  /** The same of a cgroup folder and its ancestors. */
  readCgroupFolder(path: string): Promise<MemoryCgroup[]>;
}

/** Where the pseudo file systems are mounted; tests point them at a fixture tree. */
export interface HostRoots {
  /** @default '/proc' */
  readonly procRoot?: string;
  /** @default '/sys' */
  readonly sysRoot?: string;
}

/** Builds the readers of a real host. */
export function createHostReaders({ procRoot = '/proc', sysRoot = '/sys' }: HostRoots = {}): HostReaders {
  const pageSizeBytes = readPageSize(procRoot);
  return {
    pageSizeBytes,
    readLevels: async () => {
      const perCpuKib = readPerCpuFreeKib(procRoot, pageSizeBytes);
      return Promise.resolve(parseLevels(readFileSync(`${procRoot}/meminfo`, 'utf8'), perCpuKib));
    },
    readBackend: () => readReclaimBackend(procRoot, sysRoot),
    readCompressedStore: () => readCompressedStore(procRoot, sysRoot),
    listPids: async () => parsePids(await readdir(procRoot)),
    readStat: (pid) => readProcessStat(pid, procRoot),
    readFilePages: (pid) => {
      const bytes = readBytesOrNull(`${procRoot}/${pid}/statm`);
      return Promise.resolve(bytes === null ? null : parseProcessStatm(bytes).sharedPages);
    },
    readUid: (pid) => readProcessUid(pid, procRoot),
    readMappings: (pid) => readMappings(pid, procRoot),
    readFileSystems: (pid) => readFileSystems(pid, procRoot),
    openPagemap: (pid) => openPagemap(`${procRoot}/${pid}/pagemap`, pageSizeBytes),
    openPageCache: (pid, mapping) => openPageCache(pid, mapping, procRoot),
    readCgroup,
    listMembers,
    readMemoryCgroups: (pid) => Promise.resolve(readMemoryCgroups(pid, procRoot)),
    readCgroupFolder: (path) => Promise.resolve(readCgroupFolder(path, procRoot)),
  };
}

/** Parses the levels out of /proc/meminfo. A kernel without MemAvailable (before 3.14) reads as 0. */
export function parseLevels(text: string, perCpuFreeKib: number): MemoryLevels {
  const kib = (name: string): number => parseKib(text, name) ?? 0;
  return {
    freeKib: kib('MemFree') + perCpuFreeKib,
    memAvailableKib: kib('MemAvailable'),
    cachedKib: kib('Cached') + kib('Buffers'),
  };
}

async function readCgroup(path: string): Promise<CgroupUse | null> {
  try {
    const current = await readFile(`${path}/${memoryFiles[2].usage}`, 'utf8');
    const pressure = await readFile(`${path}/memory.pressure`, 'utf8').catch(() => '');
    return { currentBytes: Number(current), psiSomeUs: parsePressureTotal(pressure, 'some') };
  } catch {
    return null;
  }
}

async function listMembers(path: string): Promise<number[] | null> {
  const text = await readFile(`${path}/cgroup.procs`, 'utf8').catch(() => null);
  if (text === null) return null;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory());
  const below = await Promise.all(folders.map(({ name }) => listMembers(`${path}/${name}`)));
  return [...parsePids(text.split('\n')), ...below.flatMap((pids) => pids ?? [])];
}

function readPageSize(procRoot: string): number {
  return readConstants(procRoot).pageKib * 1024;
}

function readConstants(procRoot: string): SystemConstants {
  try {
    return parseAuxv(readFileSync(`${procRoot}/self/auxv`));
  } catch {
    return usualConstants; // a fixture tree or another system
  }
}
