// What an action really freed, page by page: of the pages that left, those that are still out at the end
// of the window, out of the page cache too, less what keeping them compressed takes. It can never be
// more than was handed over, and it is null where it cannot be told.
import type { TargetPlan } from './actuator.ts';
import type { HostReaders } from './host-readers.ts';
import { isOfFile } from './mappings.ts';
import { CacheSet } from './page-cache.ts';
import type { PageCache } from './page-cache.ts';
import { PAGE } from './pagemap.ts';
import type { Pagemap } from './pagemap.ts';
import type { CompressedStore } from './reclaim-backend.ts';
import { describeTarget } from './target.ts';
import type { Region } from './region-plan.ts';

/** What became of the bytes of an action on one target. */
export interface EvidenceReading {
  /** Left the target with the action. */
  readonly takenBytes: number;
  /** Were back in memory when it was looked. */
  readonly returnedBytes: number;
  /** Memory that keeping the others compressed takes. */
  readonly compressedBytes: number;
  /** Null where it cannot be told; `why` says why. */
  readonly freedBytes: number | null;
  readonly why: string | null;
}

/** Follows one action on one target. */
export interface Evidence {
  /**
   * Notes what the action took; call it right after the action.
   * @param advisedBytes what the kernel accepted, in the order of the plan: what left beyond is not the action's
   */
  settle(advisedBytes?: number): Promise<void>;
  /** Looks what became of it. */
  read(): Promise<EvidenceReading>;
  close(): void;
}

/** What evidence needs of the host. */
export type EvidenceReaders = Pick<
  HostReaders,
  'pageSizeBytes' | 'openPagemap' | 'openPageCache' | 'readCompressedStore' | 'readCgroup' | 'readStat'
>;

/** Begins to follow an action; call it right before. */
export async function openEvidence(readers: EvidenceReaders, plan: TargetPlan): Promise<Evidence> {
  const { target } = plan;
  if (target.kind === 'process') return openPageEvidence(readers, target.pid, plan);
  const level = async (): Promise<number | null> =>
    target.kind === 'cgroup'
      ? ((await readers.readCgroup(target.path))?.currentBytes ?? null)
      : process.memoryUsage.rss();
  return openLevelEvidence(level, plan);
}

const unknown = (takenBytes: number, why: string): EvidenceReading => ({
  takenBytes,
  returnedBytes: 0,
  compressedBytes: 0,
  freedBytes: null,
  why,
});

/** Where no single page can be followed: the fall of the target's own level, within what was handed over. */
async function openLevelEvidence(level: () => Promise<number | null>, plan: TargetPlan): Promise<Evidence> {
  const before = await level();
  let takenBytes = 0;
  return {
    async settle(advisedBytes = plan.bytes) {
      const after = await level();
      if (before !== null && after !== null)
        takenBytes = clamp(before - after, Math.min(plan.bytes, advisedBytes));
    },
    async read() {
      const now = await level();
      if (before === null || now === null)
        return unknown(takenBytes, `${describeTarget(plan.target)} cannot be read any more`);
      const freedBytes = Math.min(takenBytes, clamp(before - now, plan.bytes));
      return {
        takenBytes,
        returnedBytes: takenBytes - freedBytes,
        compressedBytes: 0,
        freedBytes,
        why: null,
      };
    },
    close: () => undefined,
  };
}

const clamp = (bytes: number, most: number): number => Math.min(most, Math.max(0, bytes));

interface Tally {
  taken: number;
  returned: number;
  /** Of these, anonymous. */
  returnedAnonymous: number;
  /** Still out, by where they went. */
  dropped: number;
  swapped: number;
  /** Out of the process but in the page cache, so not free. */
  cached: number;
  /** Of files whose page cache cannot be asked. */
  unseen: number;
}

async function openPageEvidence(
  readers: EvidenceReaders,
  pid: number,
  { target, regions }: TargetPlan,
): Promise<Evidence> {
  const pagemap = readers.openPagemap(pid);
  const cacheSet = new CacheSet(readers, pid);
  const caches = await openCaches(cacheSet, regions);
  const storeBefore = await readers.readCompressedStore();
  let storeAfter: CompressedStore | null = null;
  const gone = new Map<Region, Uint8Array>();
  const close = (): void => {
    pagemap?.close();
    cacheSet.close();
  };
  return {
    async settle(advisedBytes = Infinity) {
      storeAfter = await readers.readCompressedStore();
      let room = advisedBytes / readers.pageSizeBytes;
      for (const region of regions) {
        const flags = pagemap?.read(region.start, region.pages.length);
        const left = (wanted: number, i: number): number =>
          i < room ? wanted & ~flags![i]! & PAGE.present : 0;
        if (flags) gone.set(region, region.pages.map(left));
        room -= region.pages.length;
      }
    },
    async read() {
      const page = readers.pageSizeBytes;
      // A region that could not be read right after the action would count as untouched.
      const tally = gone.size < regions.length ? null : tallyPages(gone, pagemap, caches, page);
      if (tally === null) return unknown(0, `the pages of ${describeTarget(target)} cannot be read any more`);
      const takenBytes = tally.taken * page;
      if (tally.unseen > 0)
        return unknown(
          takenBytes,
          'the page cache of a mapped file cannot be asked (mincore), so nobody knows what left it',
        );
      const ratio = compressionOf(storeBefore, storeAfter, await readers.readCompressedStore());
      if (tally.swapped > 0 && ratio === null)
        return unknown(takenBytes, 'nothing says how much memory the swapped pages take compressed');
      const outBytes = (tally.dropped + tally.swapped) * page;
      const kept = keptBytes(tally, page, ratio ?? 0, storeBefore, await readers.readCompressedStore());
      const compressedBytes = Math.min(outBytes, Math.floor(kept));
      const freedBytes = outBytes - compressedBytes;
      return { takenBytes, returnedBytes: tally.returned * page, compressedBytes, freedBytes, why: null };
    },
    close,
  };
}

async function openCaches(
  caches: CacheSet,
  regions: readonly Region[],
): Promise<Map<Region, PageCache | null>> {
  const byRegion = new Map<Region, PageCache | null>();
  for (const region of regions)
    if (isOfFile(region.kind)) byRegion.set(region, await caches.open(region.place.mapping));
  return byRegion;
}

function tallyPages(
  gone: ReadonlyMap<Region, Uint8Array>,
  pagemap: Pagemap | null,
  caches: ReadonlyMap<Region, PageCache | null>,
  pageSizeBytes: number,
): Tally | null {
  const tally: Tally = {
    taken: 0,
    returned: 0,
    returnedAnonymous: 0,
    dropped: 0,
    swapped: 0,
    cached: 0,
    unseen: 0,
  };
  for (const [region, pages] of gone) {
    const flags = pagemap?.read(region.start, pages.length);
    if (!flags) return null;
    const { offsetBytes, start } = region.place.mapping;
    const cached = isOfFile(region.kind)
      ? (caches.get(region)?.read(offsetBytes + region.start - start, pages.length * pageSizeBytes) ?? null)
      : null;
    for (let i = 0; i < pages.length; i++) {
      if (pages[i] === 1) tallyPage(tally, flags[i]!, isOfFile(region.kind), cached?.[i]);
    }
  }
  return tally;
}

function tallyPage(tally: Tally, flags: number, isFile: boolean, cached: number | undefined): void {
  tally.taken++;
  if (flags & PAGE.present) {
    tally.returned++;
    if (!isFile) tally.returnedAnonymous++;
  } else if (flags & PAGE.swapped) tally.swapped++;
  // Without a swap entry the process has unmapped the page, which is not our doing.
  else if (!isFile) return;
  else if (cached === undefined) tally.unseen++;
  else if (cached === 1) tally.cached++;
  else tally.dropped++;
}

/**
 * Memory that keeping pages compressed takes: of those still out, and of those that came back as far as the
 * store did not let go of them (a page that was only read again may keep its copy), by how it grew.
 */
function keptBytes(
  tally: Tally,
  pageSizeBytes: number,
  ratio: number,
  before: CompressedStore | null,
  now: CompressedStore | null,
): number {
  const least = tally.swapped * pageSizeBytes * ratio;
  const most = (tally.swapped + tally.returnedAnonymous) * pageSizeBytes * ratio;
  const grown = before === null || now === null ? least : now.usedBytes - before.usedBytes;
  return Math.min(most, Math.max(least, grown));
}

/** Least share of the store's growth that tells the ratio of this action rather than of all before. */
const MIN_GROWTH_BYTES = 2 ** 20;

/** Compressed bytes a byte swapped: of what came with the action, else of everything in the store. */
function compressionOf(
  before: CompressedStore | null,
  after: CompressedStore | null,
  now: CompressedStore | null,
): number | null {
  if (before !== null && after !== null) {
    const original = after.originalBytes - before.originalBytes;
    const used = after.usedBytes - before.usedBytes;
    if (original >= MIN_GROWTH_BYTES && used >= 0) return Math.min(1, used / original);
  }
  if (now === null || now.originalBytes === 0) return null;
  return Math.min(1, now.usedBytes / now.originalBytes);
}
