// The memory of one process in a unit test, page by page: what it maps, what page-out takes of it, what
// it uses again. It answers as pagemap, mincore and process_madvise would.
import type { Actuator, ActuatorPlan, PageCache, Pagemap } from '../../../src/optimize/index.ts';
import { parseSmaps } from '../../../src/procfs/index.ts';
import type { Mapping } from '../../../src/procfs/index.ts';
import { PAGE } from '../../../src/optimize/pagemap.ts';
import type { MappingPlace } from '../../../src/optimize/region-map.ts';

export const PAGE_BYTES = 4096;
const MIB = 2 ** 20;

/** One mapping of smaps text. Sizes in KiB. */
export function smapsEntry(
  header: string,
  sizes: Readonly<Record<string, number>>,
  flags = 'rd mr mw me',
): string {
  const lines = Object.entries({ KernelPageSize: 4, ...sizes }).map(([name, kib]) => `${name}: ${kib} kB`);
  return [header, ...lines, `VmFlags: ${flags}`, ''].join('\n');
}

/** What a mapping of {@link FakeMemory} is. */
export interface FakeMapping {
  readonly start: number;
  readonly mib: number;
  /** Of a file of this inode; anonymous without. */
  readonly inode?: number;
  readonly offsetBytes?: number;
}

interface Block extends Required<FakeMapping> {
  /** Flags of each page, as pagemap gives them. */
  readonly flags: Uint8Array;
}

/** Options of {@link FakeMemory}. */
export interface FakeMemoryOptions {
  /** Pages of a large folio of a file: page-out of one unmaps all, and they stay cached. @default 1 */
  readonly folioPages?: number;
}

const OWN = PAGE.present | PAGE.exclusive;

/** A process's memory. All of it is in memory at first. */
export class FakeMemory {
  readonly #folioPages: number;
  #blocks: Block[] = [];
  /** Cached pages by inode and file page. */
  readonly #cached = new Map<number, Set<number>>();
  #isGone = false;
  /** Probes that were placed, in pages. */
  probes = 0;
  /** Bytes that were asked for in each action; probes are none. */
  readonly actions: number[] = [];

  constructor(mappings: readonly FakeMapping[], { folioPages = 1 }: FakeMemoryOptions = {}) {
    this.#folioPages = folioPages;
    for (const mapping of mappings) this.map(mapping);
  }

  /** Maps more; its pages are in memory. */
  map(mapping: FakeMapping): void {
    const block = {
      inode: 0,
      offsetBytes: 0,
      ...mapping,
      flags: new Uint8Array((mapping.mib * MIB) / PAGE_BYTES),
    };
    this.#blocks.push(block);
    this.use(block.start, mapping.mib * MIB);
  }

  unmap(start: number): void {
    this.#blocks = this.#blocks.filter((block) => block.start !== start);
  }

  /** The process ends: its pagemap answers nothing any more. */
  end(): void {
    this.#isGone = true;
  }

  /** The process reads a range: its pages are in memory again. */
  use(start: number, lengthBytes = PAGE_BYTES): void {
    this.#each(start, lengthBytes, (block, i) => {
      if (block.flags[i]! & PAGE.present) return;
      block.flags[i] = OWN | (block.inode === 0 ? 0 : PAGE.file);
      this.#cacheOf(block).add(filePageOf(block, i));
    });
  }

  /** Others map a range too, so page-out skips it. */
  share(start: number, lengthBytes: number): void {
    this.#each(start, lengthBytes, (block, i) => (block.flags[i]! &= ~PAGE.exclusive));
  }

  /** The kernel reads a page of a file ahead: it is cached and not mapped. */
  readAhead(start: number, lengthBytes: number): void {
    this.#each(start, lengthBytes, (block, i) => this.#cacheOf(block).add(filePageOf(block, i)));
  }

  /** The process gives pages back itself (MADV_DONTNEED, as allocators do); what is cached stays cached. */
  discard(start: number, lengthBytes: number): void {
    this.#each(start, lengthBytes, (block, i) => (block.flags[i] = 0));
  }

  /** What page-out does. */
  pageOut(start: number, lengthBytes: number): void {
    this.#each(start, lengthBytes, (block, i) => {
      if ((block.flags[i]! & OWN) !== OWN) return;
      if (block.inode === 0) {
        block.flags[i] = PAGE.swapped;
        return;
      }
      const first = i - (i % this.#folioPages);
      if (this.#folioPages === 1) this.#cacheOf(block).delete(filePageOf(block, i));
      block.flags.fill(0, first, Math.min(first + this.#folioPages, block.flags.length));
    });
  }

  /** The flags of the page at an address. */
  at(address: number): number {
    let found = 0;
    this.#each(address, PAGE_BYTES, (block, i) => (found = block.flags[i]!));
    return found;
  }

  get residentBytes(): number {
    return PAGE_BYTES * this.#blocks.reduce((sum, { flags }) => sum + countPresent(flags), 0);
  }

  /** What smaps would say. */
  readonly readMappings = (): Promise<Mapping[]> =>
    Promise.resolve(
      this.#isGone
        ? []
        : parseSmaps(
            this.#blocks
              .toSorted((a, b) => a.start - b.start)
              .map(toSmaps)
              .join(''),
          ),
    );

  readonly openPagemap = (): Pagemap => ({
    read: (start, pages) => this.#read(start, pages),
    close: () => undefined,
  });

  readonly openPageCache = (_pid: number, { inode }: MappingPlace): Promise<PageCache | null> => {
    const cached = this.#cached.get(inode);
    if (cached === undefined) return Promise.resolve(null);
    return Promise.resolve({
      read: (offsetBytes, lengthBytes) =>
        Uint8Array.from({ length: lengthBytes / PAGE_BYTES }, (_, i) =>
          cached.has(offsetBytes / PAGE_BYTES + i) ? 1 : 0,
        ),
      drop: (offsetBytes, lengthBytes) => {
        for (let i = 0; i < lengthBytes / PAGE_BYTES; i++) {
          const page = offsetBytes / PAGE_BYTES + i;
          if (!this.#isMapped(inode, page)) cached.delete(page);
        }
      },
      close: () => undefined,
    });
  };

  /** An actuator that pages this memory out, and counts probes and actions. */
  actuator(overrides: Partial<Actuator> = {}): Actuator {
    return {
      name: 'process_madvise',
      kinds: ['process'],
      canAct: () => Promise.resolve(null),
      act: (plan) => this.#act(plan),
      ...overrides,
    };
  }

  async #act({
    regions,
  }: ActuatorPlan): Promise<{ advisedBytes: number; rssDropBytes: number; durationUs: number }> {
    const before = this.residentBytes;
    for (const { start, lengthBytes } of regions) this.pageOut(start, lengthBytes);
    const isProbing = regions.every(({ place }) => place === undefined);
    const advisedBytes = regions.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
    if (isProbing) this.probes += regions.length;
    else {
      for (const region of regions) await this.#dropUnmapped(region);
      this.actions.push(advisedBytes);
    }
    return { advisedBytes, rssDropBytes: before - this.residentBytes, durationUs: 10 };
  }

  async #dropUnmapped({ start, lengthBytes, place }: ActuatorPlan['regions'][number]): Promise<void> {
    const { mapping } = place!;
    (await this.openPageCache(0, mapping))?.drop(mapping.offsetBytes + start - mapping.start, lengthBytes);
  }

  #read(start: number, pages: number): Uint8Array | null {
    if (this.#isGone) return null;
    const flags = new Uint8Array(pages);
    this.#each(start, pages * PAGE_BYTES, (block, i) => {
      flags[(block.start - start) / PAGE_BYTES + i] = block.flags[i]!;
    });
    return flags;
  }

  #each(start: number, lengthBytes: number, visit: (block: Block, page: number) => void): void {
    for (const block of this.#blocks) {
      const first = Math.max(0, Math.floor((start - block.start) / PAGE_BYTES));
      const end = Math.min(block.flags.length, Math.ceil((start + lengthBytes - block.start) / PAGE_BYTES));
      for (let i = first; i < end; i++) visit(block, i);
    }
  }

  #cacheOf({ inode }: Block): Set<number> {
    if (inode === 0) return new Set();
    const cached = this.#cached.get(inode) ?? new Set<number>();
    this.#cached.set(inode, cached);
    return cached;
  }

  #isMapped(inode: number, filePage: number): boolean {
    return this.#blocks.some(
      (block) =>
        block.inode === inode && (block.flags[filePage - block.offsetBytes / PAGE_BYTES] ?? 0) & PAGE.present,
    );
  }
}

const filePageOf = ({ offsetBytes }: Block, page: number): number => offsetBytes / PAGE_BYTES + page;

const countPresent = (flags: Uint8Array): number =>
  flags.reduce((sum, flag) => sum + (flag & PAGE.present), 0);

function toSmaps({ start, mib, inode, offsetBytes, flags }: Block): string {
  const hex = (value: number): string => value.toString(16);
  const range = `${hex(start)}-${hex(start + mib * MIB)}`;
  const kib = (countPresent(flags) * PAGE_BYTES) / 1024;
  return inode === 0
    ? smapsEntry(`${range} rw-p 00000000 00:00 0 `, { Rss: kib, Private_Dirty: kib, Anonymous: kib })
    : smapsEntry(`${range} r--s ${hex(offsetBytes)} 08:01 ${inode} /srv/${inode}`, {
        Rss: kib,
        Private_Clean: kib,
      });
}
