// The sliding windows every feature is computed over: a ring of the newest snapshots with exact
// running sums. All sums are sums of integers below 2^53, so a value depends only on the rows in
// the window, never on how long the window has been sliding. No clock: time comes with the snapshot.
import type { SnapshotValues } from './snapshot-columns.ts';
import { RestartingCounter } from './restarting-counter.ts';

/** Lengths that decide what a window holds. Part of the feature specification. */
export interface WindowParameters {
  /** Rates are differences to the newest snapshot at least this old. */
  readonly rateWindowMs: number;
  /** Slopes are fitted over the snapshots of this span. */
  readonly trendWindowMs: number;
  /** A longer pause between two snapshots starts the windows afresh. */
  readonly maxGapMs: number;
}

/** Cumulative counters of the host, in the order in which the window keeps them. */
const hostCounters = [
  'psiMemorySomeUs',
  'psiMemoryFullUs',
  'psiIoSomeUs',
  'psiCpuSomeUs',
  'refaultFile',
  'refaultAnon',
  'swapIn',
  'swapOut',
  'majorFaults',
  'pagesScanned',
  'pagesStolen',
] as const;

/** Counters that begin anew with the optimizer; the window keeps the sums of their increases. */
const ownCounters = ['ownRefaultFile', 'ownRefaultAnon'] as const;

/** A cumulative counter the window keeps. */
export type Counter = (typeof hostCounters)[number] | (typeof ownCounters)[number];

const firstCounter = 2;
const firstOwn = firstCounter + hostCounters.length;
const stride = firstOwn + ownCounters.length;

/** Where the window keeps a counter. */
export function counterColumn(counter: Counter): number {
  return firstCounter + ([...hostCounters, ...ownCounters] as Counter[]).indexOf(counter);
}

/** Writes the host's counters, NaN where it lacks one. One by one, because a loop over readers takes four times as long. */
function writeHostCounters(s: SnapshotValues, target: Float64Array, at: number): void {
  target[at] = s.psi_memory_some_us ?? Number.NaN;
  target[at + 1] = s.psi_memory_full_us ?? Number.NaN;
  target[at + 2] = s.psi_io_some_us ?? Number.NaN;
  target[at + 3] = s.psi_cpu_some_us ?? Number.NaN;
  target[at + 4] = s.workingset_refault_file ?? Number.NaN;
  target[at + 5] = s.workingset_refault_anon ?? Number.NaN;
  target[at + 6] = s.pswpin ?? Number.NaN;
  target[at + 7] = s.pswpout ?? Number.NaN;
  target[at + 8] = s.pgmajfault ?? Number.NaN;
  target[at + 9] = sumOf(s.pgscan_kswapd, s.pgscan_direct);
  target[at + 10] = sumOf(s.pgsteal_kswapd, s.pgsteal_direct);
}

/**
 * Slides over snapshots in time order. Memory is bounded by the snapshots of the longer window.
 * A pause, a step back in time or a reboot (at least half of the counters that count fell) starts it afresh, so
 * no difference ever reaches across one. A counter that fell alone has wrapped or was restarted: its increase is
 * unknown until the fall has left the window, and the others go on.
 */
export class SnapshotWindow {
  readonly #windows: WindowParameters;
  readonly #ownRefaultFile = new RestartingCounter();
  readonly #ownRefaultAnon = new RestartingCounter();
  #ring = new Float64Array(64 * stride);
  #capacity = 64;
  // By column: the newest value that was not null, and the position of the newest that was below it.
  readonly #newest = new Float64Array(stride).fill(Number.NaN);
  readonly #fellAt = new Float64Array(stride).fill(-1);
  // Positions count snapshots since creation; position % capacity is the slot.
  #end = 0;
  #start = 0;
  #base = 0;
  #tail = 0;
  #middle = 0;
  #originMs = 0;
  #isMixed = false;
  #runs = 0;
  // Sums over [tail, middle) and [middle, end): milliseconds since origin, and KiB in use.
  #olderMs = 0;
  #olderKib = 0;
  #newerMs = 0;
  #newerKib = 0;

  constructor(windows: WindowParameters) {
    this.#windows = windows;
  }

  /**
   * Takes the next snapshot; true once the rate window is spanned. A repeated timestamp is skipped; with other
   * counters it tells rows of two times, mixed by a clock that was set back, and the next snapshot starts afresh.
   */
  push(snapshot: SnapshotValues, timeMs = snapshot.timestamp): boolean {
    const nowMs = Math.round(timeMs);
    if (this.#end > this.#start && nowMs === this.#timeAt(this.#end - 1)) {
      this.#isMixed ||= !this.#hasCountersOf(snapshot);
      return false;
    }
    this.#write(snapshot, nowMs);
    const isReboot = this.#noteFalls();
    const isAfresh = this.#end === this.#start || this.#isMixed || isReboot;
    if (isAfresh || this.#isPause()) this.#restart(nowMs);
    this.#end++;
    this.#newerMs += nowMs - this.#originMs;
    this.#newerKib += this.#usedAt(this.#end - 1);
    this.#slide(nowMs);
    return nowMs - this.#timeAt(this.#base) >= this.#windows.rateWindowMs;
  }

  /**
   * Increase of a counter over the rate window, never negative; NaN when the host lacks it, or it fell meanwhile.
   * @param column `counterColumn(counter)`
   */
  increase(column: number): number {
    if (this.#base < this.#fellAt[column]!) return Number.NaN;
    return this.#cell(this.#end - 1, column) - this.#cell(this.#base, column);
  }

  /** How often the windows were started afresh, the first time among them. */
  get runs(): number {
    return this.#runs;
  }

  /** Milliseconds from the snapshot that rates refer to until the newest one. */
  get rateSpanMs(): number {
    return this.#timeAt(this.#end - 1) - this.#timeAt(this.#base);
  }

  /** Change of memory in use (MemTotal - MemAvailable) over the rate window in KiB per millisecond. */
  get usedChangeKibPerMs(): number {
    return (this.#usedAt(this.#end - 1) - this.#usedAt(this.#base)) / this.rateSpanMs;
  }

  /**
   * Slope of memory in use over the trend window in KiB per millisecond: the line through the means
   * of the older and the newer half (Wald's two-group slope, Ann. Math. Stat. 11, 1940), which unlike
   * least squares needs no sum of products and so stays exact while it slides. NaN when a half is empty.
   */
  get usedSlopeKibPerMs(): number {
    const older = this.#middle - this.#tail;
    const newer = this.#end - this.#middle;
    if (older <= 0 || newer <= 0) return Number.NaN;
    const offsetMs = this.#timeAt(this.#tail) - this.#originMs;
    const rise = this.#newerKib / newer - this.#olderKib / older;
    const run = (this.#newerMs - newer * offsetMs) / newer - (this.#olderMs - older * offsetMs) / older;
    return rise / run;
  }

  #write(snapshot: SnapshotValues, nowMs: number): void {
    if (this.#end - Math.min(this.#base, this.#tail) >= this.#capacity - 1) this.#grow();
    const at = (this.#end & (this.#capacity - 1)) * stride;
    const ring = this.#ring;
    ring[at] = nowMs;
    ring[at + 1] = snapshot.mem_total_kib - snapshot.mem_available_kib;
    writeHostCounters(snapshot, ring, at + firstCounter);
    ring[at + firstOwn] = this.#ownRefaultFile.add(snapshot.own_refault_file);
    ring[at + firstOwn + 1] = this.#ownRefaultAnon.add(snapshot.own_refault_anon);
  }

  #isPause(): boolean {
    const elapsedMs = this.#timeAt(this.#end) - this.#timeAt(this.#end - 1);
    return elapsedMs < 0 || elapsedMs > this.#windows.maxGapMs;
  }

  /** True for a reboot. */
  #noteFalls(): boolean {
    let counting = 0;
    let fallen = 0;
    for (let column = firstCounter; column < firstOwn; column++) {
      const value = this.#cell(this.#end, column);
      if (Number.isNaN(value)) continue;
      const before = this.#newest[column]!;
      this.#newest[column] = value;
      if (before > 0) counting++;
      if (!(value < before)) continue;
      fallen++;
      this.#fellAt[column] = this.#end;
    }
    return fallen > 0 && fallen * 2 >= counting;
  }

  #hasCountersOf(snapshot: SnapshotValues): boolean {
    const counters = new Float64Array(hostCounters.length);
    writeHostCounters(snapshot, counters, 0);
    return counters.every((value, i) => Object.is(value, this.#cell(this.#end - 1, firstCounter + i)));
  }

  #restart(nowMs: number): void {
    this.#isMixed = false;
    this.#runs++;
    this.#start = this.#base = this.#tail = this.#middle = this.#end;
    this.#originMs = nowMs;
    this.#olderMs = this.#olderKib = this.#newerMs = this.#newerKib = 0;
  }

  #slide(nowMs: number): void {
    const { rateWindowMs, trendWindowMs } = this.#windows;
    while (this.#base + 1 < this.#end && this.#timeAt(this.#base + 1) <= nowMs - rateWindowMs) this.#base++;
    const fromMs = Math.max(this.#originMs, nowMs - trendWindowMs);
    while (this.#middle < this.#end - 1 && this.#timeAt(this.#middle) <= (fromMs + nowMs) / 2) {
      const ms = this.#timeAt(this.#middle) - this.#originMs;
      const kib = this.#usedAt(this.#middle++);
      this.#newerMs -= ms;
      this.#newerKib -= kib;
      this.#olderMs += ms;
      this.#olderKib += kib;
    }
    while (this.#tail < this.#middle && this.#timeAt(this.#tail) < fromMs) {
      this.#olderMs -= this.#timeAt(this.#tail) - this.#originMs;
      this.#olderKib -= this.#usedAt(this.#tail++);
    }
  }

  #grow(): void {
    const larger = new Float64Array(this.#ring.length * 2);
    for (let at = Math.min(this.#base, this.#tail); at < this.#end; at++) {
      const from = (at % this.#capacity) * stride;
      larger.set(this.#ring.subarray(from, from + stride), (at % (this.#capacity * 2)) * stride);
    }
    this.#ring = larger;
    this.#capacity *= 2;
  }

  #cell(position: number, column: number): number {
    // A power of two: the low bits of a position are its remainder.
    return this.#ring[(position & (this.#capacity - 1)) * stride + column]!;
  }

  #timeAt(position: number): number {
    return this.#cell(position, 0);
  }

  #usedAt(position: number): number {
    return this.#cell(position, 1);
  }
}

function sumOf(a: number | null, b: number | null): number {
  return a === null && b === null ? Number.NaN : (a ?? 0) + (b ?? 0);
}
