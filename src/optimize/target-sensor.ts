// Which memory of one process is in use: a region's last use is measured, not guessed. A few probe pages
// of each region are paged out first; when one is in memory again, the region was used since. A region
// whose probes stay out for long enough may be taken, and its own pages then stand for the probes.
// It reads pagemap and keeps state; placing probes and paging out are its caller's.
import type { PagesToBringBack } from './actuator.ts';
import type { HostReaders } from './host-readers.ts';
import type { MemoryKind } from './mappings.ts';
import { CacheSet } from './page-cache.ts';
import { OWN_PAGE, PAGE } from './pagemap.ts';
import type { Pagemap } from './pagemap.ts';
import { buildRegionMap } from './region-map.ts';
import type { RegionMap, RegionPlace } from './region-map.ts';
import type { RegionMemory } from './region-memory.ts';
import {
  FIRST_REGIONS,
  createMappingRecord,
  fade,
  holdIfBusy,
  judgeTrial,
  lateReturnRate,
} from './region-watch.ts';
import type { MappingRecord, RegionWatch, TrialRule } from './region-watch.ts';
import type { ProcessTarget } from './target.ts';

/** A range to hand over. */
export interface Region {
  readonly start: number;
  readonly lengthBytes: number;
  readonly kind: MemoryKind;
  /** Bytes in memory and mapped by this process alone; page-out skips pages others map too. */
  readonly residentBytes: number;
  /** For how long nothing of it was used, as measured. */
  readonly quietMs: number;
  /** Pages of the range, 1 where `residentBytes` counts the page. */
  readonly pages: Uint8Array;
  readonly place: RegionPlace;
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

/** The probes of one region. */
export interface RegionProbes {
  readonly place: RegionPlace;
  readonly addresses: readonly number[];
  /** Pages of the region, 1 where the process alone had it in memory before. */
  readonly own: Uint8Array;
}

/** What a sensor has seen. */
export interface SensorReading {
  readonly watchedRegions: number;
  readonly awayRegions: number;
  /** Pages that we took and that came back, since the start. Probes count. */
  readonly returned: PageCounts;
  /** The same without probes. */
  readonly returnedTaken: PageCounts;
}

/** Pages by what they hold. */
export interface PageCounts {
  readonly filePages: number;
  readonly anonPages: number;
}

/** How carefully to choose. */
export interface Care {
  /** A region must have been quiet for so long. */
  readonly minQuietMs: number;
  /** Most often a page of a quiet region may be used after all, a second. */
  readonly maxReturnRate: number;
  /** Whether regions that are used at regular times may be taken in between, to be brought back. */
  readonly usesRhythm: boolean;
}

/** Options of {@link TargetSensor}. */
export interface TargetSensorOptions {
  readonly readers: Pick<
    HostReaders,
    'pageSizeBytes' | 'readMappings' | 'readFileSystems' | 'openPagemap' | 'openPageCache' | 'readBackend'
  >;
  readonly target: ProcessTarget;
  readonly memory: RegionMemory;
  readonly includeDirty: boolean;
  /** Probe pages a region. @default 2 */
  readonly probesPerRegion?: number;
}

const MAP_TRUSTED_MS = 10_000;
/** Fewer own pages than this are not worth a probe. */
const MIN_PAGES = 8;
/** A region of which so much came back is in use; a few stray pages are not. */
const USED_SHARE = 1 / 8;
/** From this age on a watched region counts as quiet for what is learned of its mapping. */
const LATE_FROM_MS = 2000;
/** How long before a use is due its pages are brought back, and how long after it is waited for, in periods. */
const LEAD_MS = 2500;
const DUE_SHARE = 0.3;
const RHYTHM_QUIET_MS = 2000;
/** Stray pages that came back to a region that is away are taken again only when there are so many. */
const MIN_STRAYS = 4;

/** Watches one process. Times are those of the monotonic clock. */
export class TargetSensor {
  readonly #options: TargetSensorOptions;
  readonly #page: number;
  readonly #probesPerRegion: number;
  readonly #watches = new Map<number, RegionWatch>();
  readonly #records = new Map<string, MappingRecord>();
  readonly #returned = { filePages: 0, anonPages: 0 };
  readonly #returnedTaken = { filePages: 0, anonPages: 0 };
  #pagemap: Pagemap | null = null;
  #map: RegionMap = { regions: [], left: {}, usableBytes: 0 };
  #mappedAtMs = Number.NEGATIVE_INFINITY;
  #scannedMs: number | null = null;
  /** Regions that were away and are used again, with their pages that are still out. */
  #inUseAgain: { readonly place: RegionPlace; readonly out: Uint8Array }[] = [];
  /** Regions with too few pages, and until when that is believed. */
  readonly #emptyUntilMs = new Map<number, number>();
  #seed = 0;

  constructor(options: TargetSensorOptions) {
    this.#options = options;
    this.#page = options.readers.pageSizeBytes;
    this.#probesPerRegion = options.probesPerRegion ?? 2;
  }

  /** Pages that were taken and are out now. */
  get outPages(): PageCounts {
    const pages = { filePages: 0, anonPages: 0 };
    for (const { phase, place, out } of this.#watches.values())
      if (phase === 'away') countPages(pages, place, count(out));
    return pages;
  }

  /** Of the pages of files that were taken: those that are cached again, so not free. */
  async countCachedAgain(): Promise<number> {
    using caches = new CacheSet(this.#options.readers, this.#options.target.pid);
    let pages = 0;
    for (const watch of this.#watches.values())
      if (watch.phase === 'away') pages += count((await this.#cachedOf(watch, caches)) ?? new Uint8Array());
    return pages;
  }

  /** Bytes of watched files that are out of the process but in the page cache: page-out can free them still. */
  get unmappedBytes(): number {
    let pages = 0;
    for (const { phase, place, out } of this.#watches.values())
      if (phase === 'watched' && isOfFile(place.kind)) pages += count(out);
    return pages * this.#page;
  }

  /** Bytes that page-out could take at most, and what it would leave. */
  get map(): Pick<RegionMap, 'left' | 'usableBytes'> {
    return this.#map;
  }

  read(): SensorReading {
    let away = 0;
    for (const watch of this.#watches.values()) if (watch.phase === 'away') away++;
    return {
      watchedRegions: this.#watches.size - away,
      awayRegions: away,
      returned: { ...this.#returned },
      returnedTaken: { ...this.#returnedTaken },
    };
  }

  /** Reads the mappings again when they are old. @throws EACCES when they may not be read */
  async refresh(nowMs: number): Promise<void> {
    if (nowMs - this.#mappedAtMs < MAP_TRUSTED_MS) return;
    const { readers, target, includeDirty } = this.#options;
    const [mappings, fileSystems, backend] = await Promise.all([
      readers.readMappings(target.pid),
      readers.readFileSystems(target.pid),
      readers.readBackend(),
    ]);
    this.#mappedAtMs = nowMs;
    const watched = this.#watches.keys();
    this.#map = buildRegionMap({ target, mappings, fileSystems, backend, includeDirty, watched });
    this.#pagemap ??= readers.openPagemap(target.pid);
    const places = new Map(this.#map.regions.map((place) => [place.start, place]));
    for (const [start, watch] of this.#watches) {
      const place = places.get(start);
      const isSame = place?.key === watch.place.key && place.lengthBytes === watch.place.lengthBytes;
      if (isSame) watch.place = place;
      else this.#watches.delete(start);
    }
  }

  /** Looks which probes and pages came back. */
  scan(nowMs: number): void {
    const elapsedMs = nowMs - (this.#scannedMs ?? nowMs);
    this.#scannedMs = nowMs;
    for (const record of this.#records.values()) fade(record, elapsedMs);
    this.#inUseAgain = [];
    for (const watch of this.#watches.values()) {
      if (watch.phase === 'watched') this.#lookAtProbes(watch, nowMs, elapsedMs);
      else this.#lookAtPages(watch, nowMs);
    }
    for (const record of this.#records.values()) holdIfBusy(record, nowMs);
    this.#endMissedWaits(nowMs);
  }

  /** Forgets regions that are only watched: nobody wants them now, and an old age would say nothing. */
  rest(): void {
    for (const [start, watch] of this.#watches) if (watch.phase === 'watched') this.#watches.delete(start);
  }

  /**
   * The probes to place next. A mapping is explored step by step: the next step is larger only when
   * its watched regions stay quiet.
   */
  nextProbes(nowMs: number): RegionProbes[] {
    const rooms = new Map<string, number>();
    const probes: RegionProbes[] = [];
    for (const place of this.#map.regions) {
      const { key } = place.mapping;
      const room = rooms.get(key) ?? this.#roomOf(key, nowMs);
      rooms.set(key, room);
      if (room <= 0 || this.#watches.has(place.start) || this.#isLeftAlone(place, nowMs)) continue;
      const chosen = this.#chooseProbes(place, nowMs);
      if (chosen === null) continue;
      rooms.set(key, room - 1);
      probes.push(chosen);
    }
    return probes;
  }

  /** Notes that probes were paged out. Those that are in memory still, or again, tell of a use already. */
  notePlaced(probes: readonly RegionProbes[], nowMs: number): void {
    for (const { place, own } of probes) {
      const record = this.#recordOf(place);
      record.placed++;
      const watch: RegionWatch = {
        place,
        phase: 'watched',
        quietSinceMs: nowMs,
        out: this.#outAfter(place, own),
        kept: new Uint8Array(own.length),
        dueUntilMs: null,
        takenPages: 0,
        returnedPages: 0,
      };
      // Nothing left: the pages are in use this very moment, or cannot be taken.
      if (count(watch.out) === 0) {
        record.quickReturns++;
        this.#noteUsed(watch, nowMs);
      } else this.#watches.set(place.start, watch);
    }
  }

  /** Chooses what was quiet for longest, within a budget. */
  async select(budgetBytes: number, care: Care, nowMs: number): Promise<RegionPlan> {
    const left = { ...this.#map.left };
    const rooms = new Map<string, number>();
    const regions: Region[] = [];
    let room = budgetBytes;
    using caches = new CacheSet(this.#options.readers, this.#options.target.pid);
    for (const watch of this.#candidates(care, nowMs, left)) {
      const { key } = watch.place.mapping;
      const hasRhythm = care.usesRhythm && this.#options.memory.rhythmOf(watch.place.key) !== null;
      const trialBytes = hasRhythm ? Infinity : (rooms.get(key) ?? this.#recordOf(watch.place).trialBytes);
      const most = Math.min(room, trialBytes);
      if (most < this.#page) continue;
      const region = this.#takeRegion(watch, most, nowMs, await this.#cachedOf(watch, caches));
      if (region === null) continue;
      regions.push(region);
      room -= region.residentBytes;
      if (!hasRhythm) rooms.set(key, trialBytes - region.residentBytes);
    }
    return sumPlan(regions, left);
  }

  /** Notes that regions were paged out: their pages are looked after from now on. */
  noteTaken(regions: readonly Region[], nowMs: number): void {
    for (const { start, place, pages } of regions) {
      const watch = this.#watches.get(place.start);
      const flags = this.#flagsOf(place);
      if (watch === undefined || flags === null) continue;
      const { out } = watch;
      const first = (start - place.start) / this.#page;
      pages.forEach((wanted, i) => {
        if (wanted === 1) out[first + i] = 1;
      });
      // What the kernel left in memory was not taken.
      watch.kept = flags.map((flag) => flag & PAGE.present);
      for (let i = 0; i < out.length; i++) if (flags[i]! & PAGE.present) out[i] = 0;
      watch.phase = 'away';
      watch.takenPages = count(out);
      watch.returnedPages = 0;
      watch.quietSinceMs = nowMs;
      this.#recordOf(place).takenPages += watch.takenPages;
    }
  }

  /** Judges the last step in every mapping by what came back of it. */
  judge(nowMs: number, rule: TrialRule): void {
    for (const record of this.#records.values()) judgeTrial(record, nowMs, rule);
  }

  /** Pages that are still out of regions that are in use again, at most `maxPages`: worth bringing back. */
  nextToBringBack(maxPages: number): PagesToBringBack {
    const pages = { file: [] as number[], anonymous: [] as number[] };
    let room = maxPages;
    for (const { place, out } of this.#inUseAgain) {
      const addresses = isOfFile(place.kind) ? pages.file : pages.anonymous;
      for (let i = 0; i < out.length && room > 0; i++) {
        if (out[i] === 0) continue;
        addresses.push(place.start + i * this.#page);
        room--;
      }
    }
    this.#inUseAgain = [];
    return pages;
  }

  /**
   * Pages of regions that are used at regular times, shortly before the next use is due. Two pages of
   * each stay out as probes, so that the use is seen.
   */
  nextDue(nowMs: number): PagesToBringBack {
    const pages = { file: [] as number[], anonymous: [] as number[] };
    for (const watch of this.#watches.values()) {
      if (watch.phase !== 'away') continue;
      const rhythm = this.#options.memory.rhythmOf(watch.place.key);
      if (rhythm === null || rhythm.nextMs - nowMs > LEAD_MS || nowMs > rhythm.nextMs) continue;
      const kept = this.#keepProbes(watch.out);
      const addresses = isOfFile(watch.place.kind) ? pages.file : pages.anonymous;
      watch.out.forEach((isOut, i) => {
        if (isOut === 1 && kept[i] === 0) addresses.push(watch.place.start + i * this.#page);
      });
      watch.out = kept;
      watch.phase = 'watched';
      watch.quietSinceMs = nowMs;
      watch.dueUntilMs = rhythm.nextMs + DUE_SHARE * rhythm.periodMs;
    }
    return pages;
  }

  close(): void {
    this.#pagemap?.close();
    this.#pagemap = null;
  }

  #keepProbes(out: Uint8Array): Uint8Array {
    const kept = new Uint8Array(out.length);
    const first = out.indexOf(1);
    const last = out.lastIndexOf(1);
    if (first >= 0) kept[first] = 1;
    if (last >= 0) kept[last] = 1;
    return kept;
  }

  /** A use that was due and did not come is no rhythm; the region is quiet like any other. */
  #endMissedWaits(nowMs: number): void {
    for (const watch of this.#watches.values()) {
      if (watch.dueUntilMs === null || nowMs <= watch.dueUntilMs) continue;
      watch.dueUntilMs = null;
      this.#options.memory.noteMiss(watch.place.key);
    }
  }

  #recordOf({ mapping }: RegionPlace): MappingRecord {
    const known = this.#records.get(mapping.key);
    if (known !== undefined) return known;
    const fresh = createMappingRecord();
    this.#records.set(mapping.key, fresh);
    return fresh;
  }

  #flagsOf({ start, lengthBytes }: RegionPlace): Uint8Array | null {
    return this.#pagemap?.read(start, lengthBytes / this.#page) ?? null;
  }

  #lookAtProbes(watch: RegionWatch, nowMs: number, elapsedMs: number): void {
    const record = this.#recordOf(watch.place);
    const quietMs = nowMs - watch.quietSinceMs;
    const returned = this.#takeReturned(watch, this.#flagsOf(watch.place));
    if (quietMs >= LATE_FROM_MS) record.lateSeconds += elapsedMs / 1000;
    if (returned === 0) return;
    if (quietMs >= LATE_FROM_MS) record.lateReturns++;
    else record.quickReturns++;
    // What was only unmapped came back without a read.
    countPages(this.#returned, watch.place, Math.min(returned, this.#probesPerRegion));
    this.#noteUsed(watch, nowMs);
  }

  #lookAtPages(watch: RegionWatch, nowMs: number): void {
    const flags = this.#flagsOf(watch.place);
    const returned = this.#takeReturned(watch, flags);
    // Pages that were neither taken nor left have no probe that tells whether they are in use.
    if (countNew(watch, flags) >= MIN_PAGES) return this.#noteUsed(watch, nowMs);
    if (returned === 0) return;
    watch.returnedPages += returned;
    this.#recordOf(watch.place).returnedPages += returned;
    countPages(this.#returned, watch.place, returned);
    countPages(this.#returnedTaken, watch.place, returned);
    if (watch.returnedPages >= USED_SHARE * watch.takenPages) this.#noteUsed(watch, nowMs);
    else {
      this.#noteInMemory(watch, nowMs);
      watch.quietSinceMs = nowMs;
    }
  }

  /** Counts the pages that were out and are in memory, and counts them no more as out. */
  #takeReturned({ place, out, kept }: RegionWatch, flags: Uint8Array | null): number {
    if (flags === null) return 0;
    let returned = 0;
    for (let i = 0; i < out.length; i++) {
      if (out[i] === 0) continue;
      // Anonymous memory without a swap entry was given back by the process itself.
      const isGone = place.kind === 'anonymous' && (flags[i]! & (PAGE.present | PAGE.swapped)) === 0;
      if (!isGone && (flags[i]! & PAGE.present) === 0) continue;
      out[i] = 0;
      if (isGone) continue;
      kept[i] = 1;
      returned++;
    }
    return returned;
  }

  /** Pages that were own and are not in memory any more. */
  #outAfter(place: RegionPlace, own: Uint8Array): Uint8Array {
    const flags = this.#flagsOf(place);
    return own.map((was, i) => (flags === null || flags[i]! & PAGE.present ? 0 : was));
  }

  /** Of a file's region: which of its pages are out of the process but in the page cache. */
  async #cachedOf({ place, out }: RegionWatch, caches: CacheSet): Promise<Uint8Array | null> {
    if (!isOfFile(place.kind)) return null;
    const { offsetBytes, start } = place.mapping;
    const cache = await caches.open(place.mapping);
    const cached = cache?.read(offsetBytes + place.start - start, place.lengthBytes) ?? null;
    return cached?.map((isCached, i) => isCached & out[i]!) ?? null;
  }

  #noteInMemory({ place, phase, quietSinceMs }: RegionWatch, nowMs: number): void {
    this.#options.memory.noteUse(place.key, nowMs, { quietMs: nowMs - quietSinceMs, wasTaken: phase === 'away' });
  }

  #noteUsed(watch: RegionWatch, nowMs: number): void {
    if (watch.phase === 'away') this.#inUseAgain.push({ place: watch.place, out: watch.out });
    this.#noteInMemory(watch, nowMs);
    this.#watches.delete(watch.place.start);
  }

  /** How many more regions of a mapping may be watched. */
  #roomOf(mappingKey: string, nowMs: number): number {
    const record = this.#records.get(mappingKey);
    if (record !== undefined && record.busy.untilMs > nowMs) return 0;
    let young = 0;
    let quiet = 0;
    for (const { place, quietSinceMs } of this.#watches.values()) {
      if (place.mapping.key !== mappingKey) continue;
      if (nowMs - quietSinceMs >= LATE_FROM_MS) quiet++;
      else young++;
    }
    return Math.max(FIRST_REGIONS, 4 * quiet) - young;
  }

  #isLeftAlone(place: RegionPlace, nowMs: number): boolean {
    return (
      this.#options.memory.watchedFromMs(place.key) > nowMs ||
      (this.#emptyUntilMs.get(place.start) ?? Number.NEGATIVE_INFINITY) > nowMs
    );
  }

  /** Own pages of a region, spread over it; null when it holds too few, which is not asked again for a while. */
  #chooseProbes(place: RegionPlace, nowMs: number): RegionProbes | null {
    const own = ownPages(this.#flagsOf(place));
    const pages: number[] = [];
    own.forEach((isOwn, i) => {
      if (isOwn === 1) pages.push(i);
    });
    if (pages.length < MIN_PAGES) {
      this.#emptyUntilMs.set(place.start, nowMs + MAP_TRUSTED_MS);
      return null;
    }
    const share = pages.length / this.#probesPerRegion;
    const addresses = Array.from({ length: this.#probesPerRegion }, (_, k) => {
      const at = Math.min(pages.length - 1, Math.floor((k + this.#spread()) * share));
      return place.start + pages[at]! * this.#page;
    });
    return { place, addresses, own };
  }

  // A fixed place in each region would always hit the same field of a periodic layout.
  #spread(): number {
    this.#seed = (this.#seed + 0.618_033_988_749_895) % 1;
    return this.#seed;
  }

  /** Regions that may be taken, quiet for longest first; the others are summed up in `left`. */
  #candidates(care: Care, nowMs: number, left: Record<string, number>): RegionWatch[] {
    const leave = (why: string, bytes: number): void => void (left[why] = (left[why] ?? 0) + bytes);
    const taken: RegionWatch[] = [];
    const meanBytes = this.#map.usableBytes / Math.max(1, this.#map.regions.length);
    for (const place of this.#map.regions) {
      const watch = this.#watches.get(place.start);
      const why = watch === undefined ? this.#whyNotWatched(place, nowMs) : this.#whyNot(watch, care, nowMs);
      if (why === null) taken.push(watch!);
      else if (watch?.phase !== 'away') leave(why, meanBytes);
    }
    return taken.toSorted((a, b) => a.quietSinceMs - b.quietSinceMs);
  }

  #whyNotWatched(place: RegionPlace, nowMs: number): string {
    const record = this.#records.get(place.mapping.key);
    if (record !== undefined && record.busy.untilMs > nowMs) return 'in a mapping in use all over';
    return this.#isLeftAlone(place, nowMs) ? 'in use a moment ago' : 'not watched yet';
  }

  /** Why a region that is watched or away is not taken now; null when it may be. */
  #whyNot(watch: RegionWatch, care: Care, nowMs: number): string | null {
    const { memory } = this.#options;
    if (watch.dueUntilMs !== null) return 'in use at regular times, the next is due';
    if (memory.heldUntilMs(watch.place.key) > nowMs) return 'in use a moment ago';
    const minQuietMs = this.#minQuietMs(watch, care);
    if (watch.phase === 'watched' && nowMs - watch.quietSinceMs < minQuietMs)
      return `not yet quiet for ${minQuietMs / 1000} s`;
    const record = this.#recordOf(watch.place);
    // A rhythm says when it comes back; what its mapping does otherwise does not matter.
    if (care.usesRhythm && memory.rhythmOf(watch.place.key) !== null) return null;
    if (record.spared.untilMs > nowMs) return 'in a mapping of which too much came back';
    return lateReturnRate(record, this.#probesPerRegion) > care.maxReturnRate
      ? 'like regions that were used after all'
      : null;
  }

  // When the next use is known, there is no need to wait for long after the last.
  #minQuietMs({ place }: RegionWatch, care: Care): number {
    const rhythm = care.usesRhythm ? this.#options.memory.rhythmOf(place.key) : null;
    return rhythm === null ? care.minQuietMs : Math.min(care.minQuietMs, RHYTHM_QUIET_MS);
  }

  /** The pages of a region that page-out can take, from the first on, that fit; null when none is worth it. */
  #takeRegion(
    watch: RegionWatch,
    roomBytes: number,
    nowMs: number,
    cached: Uint8Array | null,
  ): Region | null {
    const { place } = watch;
    const roomPages = Math.floor(roomBytes / this.#page);
    const own = ownPages(this.#flagsOf(place)).map((isOwn, i) => isOwn | (cached?.[i] ?? 0));
    const first = own.indexOf(1);
    if (first < 0) return null;
    let pages = 0;
    let end = first;
    for (let i = first; i < own.length && pages < roomPages; i++) {
      if (own[i] === 0) continue;
      pages++;
      end = i + 1;
    }
    if (watch.phase === 'away' && pages < MIN_STRAYS) return null;
    return {
      start: place.start + first * this.#page,
      lengthBytes: (end - first) * this.#page,
      kind: place.kind,
      residentBytes: pages * this.#page,
      quietMs: nowMs - watch.quietSinceMs,
      pages: own.slice(first, end),
      place,
    };
  }
}

const ownPages = (flags: Uint8Array | null): Uint8Array =>
  flags?.map((flag) => ((flag & OWN_PAGE) === OWN_PAGE ? 1 : 0)) ?? new Uint8Array();

/** Pages of a region that is away that were neither taken from it nor left in it. */
const countNew = ({ out, kept }: RegionWatch, flags: Uint8Array | null): number =>
  count(ownPages(flags).map((isOwn, i) => isOwn & ~out[i]! & ~kept[i]!));

const isOfFile = (kind: MemoryKind): boolean => kind === 'clean-file' || kind === 'dirty-file';

function countPages(
  counts: { filePages: number; anonPages: number },
  { kind }: RegionPlace,
  pages: number,
): void {
  if (isOfFile(kind)) counts.filePages += pages;
  else counts.anonPages += pages;
}

function sumPlan(regions: readonly Region[], left: Record<string, number>): RegionPlan {
  const bytesByKind: Partial<Record<MemoryKind, number>> = {};
  let bytes = 0;
  for (const { kind, residentBytes } of regions) {
    bytes += residentBytes;
    bytesByKind[kind] = (bytesByKind[kind] ?? 0) + residentBytes;
  }
  return { regions, bytes, bytesByKind, left };
}

function count(pages: Uint8Array): number {
  let sum = 0;
  for (const page of pages) sum += page;
  return sum;
}
