// Chooses the probe pages of a region: two of its own pages, spread over it. It pages nothing out.
import { countPages, ownPages } from './pagemap.ts';
import type { RegionPlace } from './region-map.ts';
import type { RegionProbes } from './region-plan.ts';

/** Fewer own pages than this are not worth a probe. */
export const MIN_PAGES = 8;
/** Probe pages a region. */
export const PROBES = 2;

/** Builds a chooser. It answers null for a region that holds too few pages. */
export function createProbeChooser(
  pageSizeBytes: number,
): (place: RegionPlace, flags: Uint8Array | null) => RegionProbes | null {
  let seed = 0;
  // A fixed place in each region would always hit the same field of a periodic layout.
  const spread = (): number => {
    seed = (seed + 0.618_033_988_749_895) % 1;
    return seed;
  };
  return (place, flags) => {
    const own = ownPages(flags);
    if (countPages(own) < MIN_PAGES) return null;
    const pages: number[] = [];
    own.forEach((isOwn, i) => {
      if (isOwn === 1) pages.push(i);
    });
    const share = pages.length / PROBES;
    const addresses = Array.from({ length: PROBES }, (_, k) => {
      const at = Math.min(pages.length - 1, Math.floor((k + spread()) * share));
      return place.start + pages[at]! * pageSizeBytes;
    });
    return { place, addresses, own };
  };
}

/** Two of the pages that are out, which stay out when the others are brought back. */
export function keepProbes(out: Uint8Array): Uint8Array {
  const kept = new Uint8Array(out.length);
  const first = out.indexOf(1);
  const last = out.lastIndexOf(1);
  if (first >= 0) kept[first] = 1;
  if (last >= 0) kept[last] = 1;
  return kept;
}
