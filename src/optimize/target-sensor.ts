// Which memory of one process is in use: a region's last use is measured, not guessed. A few probe pages
// of each region are paged out first; when one is in memory again, the region was used since. A region
// whose probes stay out for long enough may be taken, and its own pages then stand for the probes.
// It reads pagemap and keeps state; placing probes and paging out are its caller's.
import type { HostReaders } from './host-readers.ts';
import { isOfFile } from './mappings.ts';
import { CacheSet } from './page-cache.ts';
import { PAGE, countPages, ownPages } from './pagemap.ts';
import type { Pagemap } from './pagemap.ts';
import { MIN_PAGES, PROBES, createProbeChooser, keepProbes } from './probe-chooser.ts';
import { whyNotTaken } from './region-choice.ts';
import { buildRegionMap } from './region-map.ts';
import type { RegionMap, RegionPlace } from './region-map.ts';
import type { RegionMemory } from './region-memory.ts';
import { addPages, buildRegion, buildRegionPlan } from './region-plan.ts';
import type { Care, PageCounts, PagesToBringBack, Region, RegionPlan, RegionProbes } from './region-plan.ts';
import {
  LATE_FROM_MS,
  countNew,
  createMappingRecord,
  fade,
  holdIfBusy,
  judgeTrial,
  roomFor,
  takeReturned,
} from './region-watch.ts';
import type { MappingRecord, RegionWatch, TrialRule } from './region-watch.ts';
import type { ProcessTarget } from './target.ts';

/** What a sensor has seen. */
export interface SensorReading {
  readonly watchedRegions: number;
  readonly awayRegions: number;
  /** Pages that we took and that came back, since the start. Probes count. */
  readonly returned: PageCounts;
  /** The same without probes. */
  readonly returnedTaken: PageCounts;
}

/** Options of {@link TargetSensor}. */
export interface TargetSensorOptions {
  readonly readers: Pick<
    HostReaders,
    'pageSizeBytes' | 'readMappings' | 'readFileSystems' | 'openPagemap' | 'openPageCache' | 'readBackend'
  >;
  readonly target: ProcessTarget;
  readonly memory: RegionMemory;
}

const MAP_TRUSTED_MS = 10_000;
/** The kernel walks every page for smaps: it is asked again once that cost 0.2 % of the time since. */
const MAP_WAIT_PER_COST = 500;
/** A region of which so much came back is in use; a few stray pages are not. */
const USED_SHARE = 1 / 8;
/** How long before a use is due its pages are brought back, and how long after it is waited for, in periods. */
const LEAD_MS = 2500;
const DUE_SHARE = 0.3;
/** Stray pages that came back to a region that is away are taken again only when there are so many. */
const MIN_STRAYS = 4;

/** Watches one process. Times are those of the monotonic clock. */
export class TargetSensor {
  readonly #options: TargetSensorOptions;
  readonly #page: number;
  readonly #chooseProbes;
  readonly #watches = new Map<number, RegionWatch>();
  readonly #records = new Map<string, MappingRecord>();
  readonly #returned = { filePages: 0, anonPages: 0 };
  readonly #returnedTaken = { filePages: 0, anonPages: 0 };
  #pagemap: Pagemap | null = null;
  #map: RegionMap = { regions: [], left: {}, usableBytes: 0 };
  #mappedAtMs = Number.NEGATIVE_INFINITY;
  #mapTrustedMs = MAP_TRUSTED_MS;
  #scannedMs: number | null = null;
  /** Regions that were away and are used again, with their pages that are still out. */
  #inUseAgain: { readonly place: RegionPlace; readonly out: Uint8Array }[] = [];
  /** Regions with too few pages, and until when that is believed. */
  readonly #emptyUntilMs = new Map<number, number>();

  constructor(options: TargetSensorOptions) {
    this.#options = options;
    this.#page = options.readers.pageSizeBytes;
    this.#chooseProbes = createProbeChooser(this.#page);
  }

  /** Pages that were taken and are out now. */
  get outPages(): PageCounts {
    const pages = { filePages: 0, anonPages: 0 };
    for (const { phase, place, out } of this.#watches.values())
      if (phase === 'away') addPages(pages, place, countPages(out));
    return pages;
  }

  /** Of the pages of files that were taken: those that are cached again, so not free. */
  async countCachedAgain(): Promise<number> {
    using caches = new CacheSet(this.#options.readers, this.#options.target.pid);
    let pages = 0;
    for (const watch of this.#watches.values())
      if (watch.phase === 'away')
        pages += countPages((await this.#cachedOf(watch, caches)) ?? new Uint8Array());
    return pages;
  }

  /** Bytes of watched files that are out of the process but in the page cache: page-out can free them still. */
  get unmappedBytes(): number {
    let pages = 0;
    for (const { phase, place, out } of this.#watches.values())
      if (phase === 'watched' && isOfFile(place.kind)) pages += countPages(out);
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
    if (nowMs - this.#mappedAtMs < this.#mapTrustedMs) return;
    const startMs = performance.now();
    const { readers, target } = this.#options;
    const [mappings, fileSystems, backend] = await Promise.all([
      readers.readMappings(target.pid),
      readers.readFileSystems(target.pid),
      readers.readBackend(),
    ]);
    this.#mappedAtMs = nowMs;
    this.#mapTrustedMs = Math.max(MAP_TRUSTED_MS, MAP_WAIT_PER_COST * (performance.now() - startMs));
    const watched = this.#watches.keys();
    this.#map = buildRegionMap({ target, mappings, fileSystems, backend, watched });
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
      const room = rooms.get(key) ?? roomFor(this.#records.get(key), this.#watches.values(), key, nowMs);
      rooms.set(key, room);
      if (room <= 0 || this.#watches.has(place.start) || this.#isLeftAlone(place, nowMs)) continue;
      const chosen = this.#chooseProbes(place, this.#flagsOf(place));
      if (chosen === null) {
        // Too few pages: not asked again for a while.
        this.#emptyUntilMs.set(place.start, nowMs + MAP_TRUSTED_MS);
        continue;
      }
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
      if (countPages(watch.out) === 0) {
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
    return buildRegionPlan(regions, left);
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
      watch.takenPages = countPages(out);
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
      const kept = keepProbes(watch.out);
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
    const returned = takeReturned(watch, this.#flagsOf(watch.place));
    if (quietMs >= LATE_FROM_MS) record.lateSeconds += elapsedMs / 1000;
    if (returned === 0) return;
    if (quietMs >= LATE_FROM_MS) record.lateReturns++;
    else record.quickReturns++;
    // What was only unmapped came back without a read.
    addPages(this.#returned, watch.place, Math.min(returned, PROBES));
    this.#noteUsed(watch, nowMs);
  }

  #lookAtPages(watch: RegionWatch, nowMs: number): void {
    const flags = this.#flagsOf(watch.place);
    const returned = takeReturned(watch, flags);
    // Pages that were neither taken nor left have no probe that tells whether they are in use.
    if (countNew(watch, flags) >= MIN_PAGES) return this.#noteUsed(watch, nowMs);
    if (returned === 0) return;
    watch.returnedPages += returned;
    this.#recordOf(watch.place).returnedPages += returned;
    addPages(this.#returned, watch.place, returned);
    addPages(this.#returnedTaken, watch.place, returned);
    if (watch.returnedPages >= USED_SHARE * watch.takenPages) this.#noteUsed(watch, nowMs);
    else {
      this.#noteInMemory(watch, nowMs);
      watch.quietSinceMs = nowMs;
    }
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
    this.#options.memory.noteUse(place.key, nowMs, {
      quietMs: nowMs - quietSinceMs,
      wasTaken: phase === 'away',
    });
  }

  #noteUsed(watch: RegionWatch, nowMs: number): void {
    if (watch.phase === 'away') this.#inUseAgain.push({ place: watch.place, out: watch.out });
    this.#noteInMemory(watch, nowMs);
    this.#watches.delete(watch.place.start);
  }

  #isLeftAlone(place: RegionPlace, nowMs: number): boolean {
    return (
      this.#options.memory.watchedFromMs(place.key) > nowMs ||
      (this.#emptyUntilMs.get(place.start) ?? Number.NEGATIVE_INFINITY) > nowMs
    );
  }

  /** Regions that may be taken, quiet for longest first; the others are summed up in `left`. */
  #candidates(care: Care, nowMs: number, left: Record<string, number>): RegionWatch[] {
    const leave = (why: string, bytes: number): void => void (left[why] = (left[why] ?? 0) + bytes);
    const taken: RegionWatch[] = [];
    const meanBytes = this.#map.usableBytes / Math.max(1, this.#map.regions.length);
    for (const place of this.#map.regions) {
      const watch = this.#watches.get(place.start);
      const why =
        watch === undefined
          ? this.#whyNotWatched(place, nowMs)
          : whyNotTaken(watch, this.#recordOf(watch.place), this.#options.memory, care, nowMs);
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

  /** The pages of a region that page-out can take and that fit; null when there are none worth it. */
  #takeRegion(
    watch: RegionWatch,
    roomBytes: number,
    nowMs: number,
    cached: Uint8Array | null,
  ): Region | null {
    const wanted = ownPages(this.#flagsOf(watch.place)).map((isOwn, i) => isOwn | (cached?.[i] ?? 0));
    const room = { bytes: roomBytes, pageSizeBytes: this.#page };
    const region = buildRegion(watch.place, wanted, room, nowMs - watch.quietSinceMs);
    const isStray = watch.phase === 'away' && (region?.residentBytes ?? 0) < MIN_STRAYS * this.#page;
    return isStray ? null : region;
  }
}
