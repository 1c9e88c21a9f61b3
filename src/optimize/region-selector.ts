// Which: the regions of one process to give back, within a budget. The plain first version:
// what frees at once first, then what was not handed over for longest, in address order.
// It decides neither whether nor how much, and advises nothing.
import type { HostReaders } from './host-readers.ts';
import { classifyMapping } from './mappings.ts';
import type { Mapping, MemoryKind } from './mappings.ts';
import type { ReclaimBackend } from './reclaim-backend.ts';
import { targetKey } from './target.ts';
import type { ProcessTarget } from './target.ts';

/** A page-aligned range of one mapping. */
export interface Region {
  readonly start: number;
  readonly lengthBytes: number;
  readonly kind: MemoryKind;
  /** Bytes in memory and mapped by this process alone; page-out skips pages others map too. */
  readonly residentBytes: number;
}

/** What was chosen, and what was left and why. */
export interface RegionPlan {
  readonly regions: readonly Region[];
  /** Sum of the chosen resident bytes: never more than the budget. */
  readonly bytes: number;
  readonly bytesByKind: Readonly<Partial<Record<MemoryKind, number>>>;
  /** Resident bytes left alone, by reason; tells why a plan is empty. */
  readonly left: Readonly<Record<string, number>>;
}

/** Decides which regions. */
export interface RegionSelector {
  select(target: ProcessTarget, budgetBytes: number): Promise<RegionPlan>;
  /** Notes that these regions were handed to the kernel, so that others come first next time. */
  noteAdvised(target: ProcessTarget, regions: readonly Region[]): void;
}

/** Options of {@link createRegionSelector}. */
export interface RegionSelectorOptions {
  readonly readers: Pick<
    HostReaders,
    'pageSizeBytes' | 'readMappings' | 'readFileSystems' | 'readPagemap' | 'readBackend'
  >;
  /** Size of a region. @default 1 MiB: the size at which age predicted reuse best in our measurements */
  readonly chunkBytes?: number;
  /** Also hand over dirty file pages: their RSS falls and nothing is freed. @default false */
  readonly includeDirty?: boolean;
}

// Targets that end leave their history behind; the oldest goes.
const MAX_REMEMBERED = 256;

interface Candidate {
  readonly mapping: Mapping;
  readonly kind: MemoryKind;
  readonly start: number;
  readonly lengthBytes: number;
}

/** Builds the plain selector. */
export function createRegionSelector(options: RegionSelectorOptions): RegionSelector {
  const { readers, chunkBytes = 2 ** 20, includeDirty = false } = options;
  const advisedAt = new Map<string, Map<number, number>>();
  let round = 0;

  return {
    async select(target, budgetBytes) {
      const [mappings, fileSystems, backend] = await Promise.all([
        readers.readMappings(target.pid),
        readers.readFileSystems(target.pid),
        readers.readBackend(),
      ]);
      const { usable, left } = splitByUse(mappings, fileSystems, backend, includeDirty);
      const history = advisedAt.get(targetKey(target)) ?? new Map<number, number>();
      const candidates = orderCandidates(usable, chunkBytes, history, backend);
      return fillBudget(candidates, budgetBytes, createPresence(readers, target.pid), left);
    },
    noteAdvised(target, regions) {
      const history = advisedAt.get(targetKey(target)) ?? new Map<number, number>();
      advisedAt.set(targetKey(target), history);
      if (advisedAt.size > MAX_REMEMBERED) advisedAt.delete(advisedAt.keys().next().value!);
      round++;
      for (const region of regions) history.set(region.start - (region.start % chunkBytes), round);
    },
  };
}

interface UsableMapping {
  readonly mapping: Mapping;
  readonly kind: MemoryKind;
}

/** Keeps what the back end can free; sums what it cannot, by reason. */
export function splitByUse(
  mappings: readonly Mapping[],
  fileSystems: ReadonlyMap<string, string>,
  backend: Pick<ReclaimBackend, 'kind' | 'freesAnonymous'>,
  includeDirty: boolean,
): { usable: UsableMapping[]; left: Record<string, number> } {
  const usable: UsableMapping[] = [];
  const left: Record<string, number> = {};
  // The tables of a program or library are as hot as its code, so the whole file is left alone.
  const programs = new Set(mappings.filter(({ vmFlags }) => vmFlags.has('ex')).map(({ path }) => path));
  for (const mapping of mappings) {
    if (mapping.rssBytes === 0) continue;
    const isProgram = mapping.path.startsWith('/') && programs.has(mapping.path);
    const kind = isProgram ? 'excluded' : classifyMapping(mapping, fileSystems);
    const why = whyLeft(kind, backend, includeDirty);
    if (why === null) usable.push({ mapping, kind });
    const leftBytes = why === null ? mapping.sharedBytes : mapping.rssBytes;
    const reason = why ?? 'shared with other processes';
    if (leftBytes > 0) left[reason] = (left[reason] ?? 0) + leftBytes;
  }
  return { usable, left };
}

function whyLeft(
  kind: MemoryKind,
  backend: Pick<ReclaimBackend, 'kind' | 'freesAnonymous'>,
  includeDirty: boolean,
): string | null {
  if (kind === 'excluded') return 'programs, libraries, stack, locked or device memory';
  if (kind === 'clean-file') return null;
  if (kind === 'dirty-file') return includeDirty ? null : 'dirty file pages, which stay in the page cache';
  if (backend.freesAnonymous) return null;
  return backend.kind === 'none'
    ? 'anonymous memory, which frees nothing without swap'
    : 'anonymous memory, which frees nothing on a disk swap without pressure';
}

/**
 * Cuts mappings into chunks and orders them: never or longest ago handed over first, then the less
 * referenced mapping (smaps `Referenced`), file before anonymous unless anonymous frees too, address.
 */
export function orderCandidates(
  usable: readonly UsableMapping[],
  chunkBytes: number,
  history: ReadonlyMap<number, number>,
  backend: Pick<ReclaimBackend, 'freesAnonymous'>,
): Candidate[] {
  const kindRank = (kind: MemoryKind): number => (backend.freesAnonymous || kind === 'clean-file' ? 0 : 1);
  const age = (candidate: Candidate): number =>
    history.get(candidate.start - (candidate.start % chunkBytes)) ?? 0;
  const heat = ({ mapping }: Candidate): number => mapping.referencedBytes / mapping.rssBytes;
  const fileFirst = ({ kind }: Candidate): number => (kind === 'clean-file' ? 0 : 1);
  return usable
    .flatMap((item) => cutIntoChunks(item, chunkBytes))
    .toSorted(
      (a, b) =>
        kindRank(a.kind) - kindRank(b.kind) ||
        age(a) - age(b) ||
        heat(a) - heat(b) ||
        fileFirst(a) - fileFirst(b) ||
        a.start - b.start,
    );
}

// A mapping with far more addresses than pages is cut more coarsely, so that a sparse terabyte
// reservation does not become a million candidates.
const MAX_CHUNKS_PER_MAPPING = 65_536;

function cutIntoChunks({ mapping, kind }: UsableMapping, chunkBytes: number): Candidate[] {
  const sizeBytes = mapping.end - mapping.start;
  const factor = Math.max(1, Math.ceil(sizeBytes / chunkBytes / MAX_CHUNKS_PER_MAPPING));
  const step = chunkBytes * factor;
  const chunks: Candidate[] = [];
  // Boundaries are multiples of the step, so a chunk keeps its address when the mapping grows.
  for (let start = mapping.start; start < mapping.end;) {
    const end = Math.min(start - (start % step) + step, mapping.end);
    chunks.push({ mapping, kind, start, lengthBytes: end - start });
    start = end;
  }
  return chunks;
}

// Bits of a pagemap word, https://docs.kernel.org/admin-guide/mm/pagemap.html
// in its upper half: present is bit 63, mapped by this process alone is bit 56.
const PRESENT_AND_EXCLUSIVE = ((1 << 31) | (1 << 24)) >>> 0;

/** Which pages of a candidate are in memory and its own; null when pagemap may not be read. */
type Presence = (candidate: Candidate) => Promise<boolean[] | null>;

// Neighbouring chunks are asked for one after the other, so pagemap is read in blocks of many.
const BLOCK_BYTES = 64 * 2 ** 20;

function createPresence(readers: RegionSelectorOptions['readers'], pid: number): Presence {
  const page = readers.pageSizeBytes;
  let block: { start: number; words: BigUint64Array | null } = { start: 0, words: null };
  return async ({ mapping, start, lengthBytes }) => {
    const pages = lengthBytes / page;
    const isHeld = (): boolean =>
      block.words !== null &&
      start >= block.start &&
      start + lengthBytes <= block.start + block.words.length * page;
    if (!isHeld()) {
      const wantedBytes = Math.max(lengthBytes, Math.min(BLOCK_BYTES, mapping.end - start));
      block = { start, words: await readers.readPagemap(pid, start, wantedBytes / page) };
      if (!isHeld()) return null;
    }
    const first = (start - block.start) / page;
    return ownPages(block.words!, first, pages);
  };
}

// BigInt arithmetic costs ten times the read itself, so the upper halves are looked at as 32-bit words.
function ownPages(words: BigUint64Array, first: number, pages: number): boolean[] {
  const halves = new Uint32Array(words.buffer, words.byteOffset + first * 8, pages * 2);
  return Array.from(
    { length: pages },
    (_, i) => (halves[2 * i + 1]! & PRESENT_AND_EXCLUSIVE) >>> 0 === PRESENT_AND_EXCLUSIVE,
  );
}

async function fillBudget(
  candidates: readonly Candidate[],
  budgetBytes: number,
  presence: Presence,
  left: Record<string, number>,
): Promise<RegionPlan> {
  const regions: Region[] = [];
  const bytesByKind: Partial<Record<MemoryKind, number>> = {};
  let bytes = 0;
  for (const candidate of candidates) {
    const room = budgetBytes - bytes;
    if (room < candidate.mapping.pageSizeBytes) break;
    const region = trimToRoom(candidate, await presence(candidate), room);
    if (region === null) continue;
    regions.push(region);
    bytes += region.residentBytes;
    bytesByKind[region.kind] = (bytesByKind[region.kind] ?? 0) + region.residentBytes;
  }
  return { regions, bytes, bytesByKind, left };
}

/** The part of a candidate, from its first resident page on, whose resident bytes fit; null when none is resident. */
export function trimToRoom(
  candidate: Candidate,
  resident: readonly boolean[] | null,
  roomBytes: number,
): Region | null {
  const { mapping, kind, start } = candidate;
  const page = mapping.pageSizeBytes;
  const roomPages = Math.floor(roomBytes / page);
  if (resident === null) return averageRegion(candidate, roomPages);
  const first = resident.indexOf(true);
  if (first < 0 || roomPages < 1) return null;
  let count = 0;
  let end = first;
  for (let i = first; i < resident.length && count < roomPages; i++) {
    if (!resident[i]) continue;
    count++;
    end = i + 1;
  }
  return {
    start: start + first * page,
    lengthBytes: (end - first) * page,
    kind,
    residentBytes: count * page,
  };
}

// Without pagemap every page is taken to be as resident as the mapping is on average, rounded up,
// so that the budget is kept.
function averageRegion({ mapping, kind, start, lengthBytes }: Candidate, roomPages: number): Region | null {
  const page = mapping.pageSizeBytes;
  const share = Math.min(1, (mapping.rssBytes - mapping.sharedBytes) / (mapping.end - mapping.start));
  if (share <= 0 || roomPages < 1) return null;
  const pages = Math.min(lengthBytes / page, Math.floor(roomPages / share));
  return { start, lengthBytes: pages * page, kind, residentBytes: Math.ceil(pages * share) * page };
}
