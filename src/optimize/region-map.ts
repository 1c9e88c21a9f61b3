// The memory of one process cut into regions of 1 MiB, by what page-out does to it. It decides nothing.
import { classifyMapping, isOfFile } from './mappings.ts';
import type { MemoryKind } from './mappings.ts';
import type { Mapping } from '../procfs/index.ts';
import type { ReclaimBackend } from './reclaim-backend.ts';
import type { ProcessTarget } from './target.ts';

/** Size of a region: the size at which age predicted reuse best in our measurements. */
export const REGION_BYTES = 2 ** 20;

/** A page-aligned range of one mapping. */
export interface RegionPlace {
  readonly start: number;
  readonly lengthBytes: number;
  readonly kind: MemoryKind;
  /** The same for the same bytes of a file wherever they are mapped, or the same range of a process. */
  readonly key: string;
  readonly mapping: MappingPlace;
}

/** The mapping a region lies in. */
export interface MappingPlace {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly offsetBytes: number;
  readonly path: string;
  readonly inode: number;
}

/** What page-out could take, and what it would leave and why. */
export interface RegionMap {
  readonly regions: readonly RegionPlace[];
  /** Resident bytes left alone, by reason. */
  readonly left: Readonly<Record<string, number>>;
  /** Resident bytes of the regions that no other process maps. */
  readonly usableBytes: number;
}

/** Options of {@link buildRegionMap}. */
export interface RegionMapOptions {
  readonly target: ProcessTarget;
  readonly mappings: readonly Mapping[];
  readonly fileSystems: ReadonlyMap<string, string>;
  readonly backend: Pick<ReclaimBackend, 'kind' | 'freesAnonymous'>;
  /** Addresses of regions that are watched: a mapping that lost all its pages by that is kept. */
  readonly watched?: Iterable<number>;
}

/** Cuts what the back end can free; sums what it cannot, by reason. */
export function buildRegionMap(options: RegionMapOptions): RegionMap {
  const { mappings, fileSystems, backend } = options;
  const regions: RegionPlace[] = [];
  const left: Record<string, number> = {};
  let usableBytes = 0;
  // The tables of a program or library are as hot as its code, so the whole file is left alone.
  const programs = new Set(mappings.filter(({ vmFlags }) => vmFlags.has('ex')).map(({ path }) => path));
  const watched = [...(options.watched ?? [])];
  for (const mapping of mappings) {
    const isWatched = (): boolean => watched.some((at) => at >= mapping.start && at < mapping.end);
    if (mapping.rssBytes === 0 && !isWatched()) continue;
    const isProgram = mapping.path.startsWith('/') && programs.has(mapping.path);
    const kind = isProgram ? 'excluded' : classifyMapping(mapping, fileSystems);
    const why = whyLeft(kind, backend);
    if (why === null) {
      for (const region of cutIntoRegions(options.target, mapping, kind)) regions.push(region);
      usableBytes += mapping.rssBytes - mapping.sharedBytes;
    }
    const leftBytes = why === null ? mapping.sharedBytes : mapping.rssBytes;
    const reason = why ?? 'shared with other processes';
    if (leftBytes > 0) left[reason] = (left[reason] ?? 0) + leftBytes;
  }
  return { regions, left, usableBytes };
}

function whyLeft(kind: MemoryKind, backend: RegionMapOptions['backend']): string | null {
  if (kind === 'excluded') return 'programs, libraries, stack, locked or device memory';
  if (kind === 'clean-file') return null;
  if (kind === 'dirty-file') return 'dirty file pages, which stay in the page cache';
  if (backend.freesAnonymous) return null;
  return backend.kind === 'none'
    ? 'anonymous memory, which frees nothing without swap'
    : 'anonymous memory, which frees nothing on a disk swap without pressure';
}

// A mapping with far more addresses than pages is cut more coarsely, so that a sparse terabyte
// reservation does not become a million regions.
const MAX_REGIONS_PER_MAPPING = 65_536;

function* cutIntoRegions(target: ProcessTarget, mapping: Mapping, kind: MemoryKind): Generator<RegionPlace> {
  const sizeBytes = mapping.end - mapping.start;
  const factor = Math.max(1, Math.ceil(sizeBytes / REGION_BYTES / MAX_REGIONS_PER_MAPPING));
  const step = REGION_BYTES * factor;
  const isFile = isOfFile(kind);
  const file = `${mapping.device}:${mapping.inode}`;
  const own = `${target.pid}:${target.startTimeTicks}`;
  const place: MappingPlace = {
    key: isFile ? `file:${file}` : `range:${own}:${mapping.start}`,
    start: mapping.start,
    end: mapping.end,
    offsetBytes: mapping.offsetBytes,
    path: mapping.path,
    inode: mapping.inode,
  };
  // Boundaries are multiples of the step, so a region keeps its address when the mapping grows.
  for (let start = mapping.start; start < mapping.end;) {
    const end = Math.min(start - (start % step) + step, mapping.end);
    const key = isFile
      ? `file:${file}:${mapping.offsetBytes + start - mapping.start}`
      : `range:${own}:${start}`;
    yield { start, lengthBytes: end - start, kind, key, mapping: place };
    start = end;
  }
}
