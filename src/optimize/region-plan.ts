// What is handed over of a process, as data, and how it is put together. Pure.
import { isOfFile } from './mappings.ts';
import type { MemoryKind } from './mappings.ts';
import { countPages } from './pagemap.ts';
import type { RegionPlace } from './region-map.ts';

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

/** Addresses of pages, by what holds them now. */
export interface PagesToBringBack {
  readonly file: readonly number[];
  readonly anonymous: readonly number[];
}

/** Adds pages of a region to counts. */
export function addPages(
  counts: { filePages: number; anonPages: number },
  { kind }: RegionPlace,
  pages: number,
): void {
  if (isOfFile(kind)) counts.filePages += pages;
  else counts.anonPages += pages;
}

/** Puts a plan together. */
export function buildRegionPlan(regions: readonly Region[], left: Record<string, number>): RegionPlan {
  const bytesByKind: Partial<Record<MemoryKind, number>> = {};
  let bytes = 0;
  for (const { kind, residentBytes } of regions) {
    bytes += residentBytes;
    bytesByKind[kind] = (bytesByKind[kind] ?? 0) + residentBytes;
  }
  return { regions, bytes, bytesByKind, left };
}

/**
 * The range from the first of some pages of a region on, with as many of them as fit.
 * @param wanted 1 for each page that is to be taken
 * @param quietMs for how long the region was not used
 */
export function buildRegion(
  place: RegionPlace,
  wanted: Uint8Array,
  room: { readonly bytes: number; readonly pageSizeBytes: number },
  quietMs: number,
): Region | null {
  const page = room.pageSizeBytes;
  const first = wanted.indexOf(1);
  if (first < 0 || room.bytes < page) return null;
  let end = first;
  for (let left = Math.floor(room.bytes / page); end < wanted.length && left > 0; end++) left -= wanted[end]!;
  const pages = wanted.slice(first, wanted.lastIndexOf(1, end - 1) + 1);
  return {
    start: place.start + first * page,
    lengthBytes: pages.length * page,
    kind: place.kind,
    residentBytes: countPages(pages) * page,
    quietMs,
    pages,
    place,
  };
}
