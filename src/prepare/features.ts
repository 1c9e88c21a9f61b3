// The feature table: what each number of a model's input row means and how it is computed from the
// windows. A change of a formula, a unit or a constant needs a new `featureVersion`, because it is
// the specification's hash that keeps a model from being fed by a host that computes otherwise.
import { usedPercentOf } from '../core/index.ts';
import type { SnapshotValues } from './snapshot-columns.ts';
import { clip } from './clip.ts';
import { createLocalTime } from './local-time.ts';
import { counterColumn } from './snapshot-window.ts';
import type { Counter, SnapshotWindow } from './snapshot-window.ts';

/** Version of the formulas below. */
export const featureVersion = 2;

/** Constants of the formulas; part of the specification. */
export const featureConstants = {
  /** Pages of the kernel's counters. Hosts with larger pages see proportionally lower rates. */
  pageKib: 4,
  /** usage_trend and available_trend are ±1 at this many points of MemTotal per window. */
  trendFullScalePercent: 10,
  /** minutes_since_last_opt when no action is known, and its upper bound. */
  neverOptimizedMinutes: 1440,
} as const;

/** 1 TiB a second, which no host moves: a counter that rose by more holds no count, and its rate is unknown. */
const MAX_PAGES_PER_SECOND = 2 ** 28;

/** What a feature is computed from. */
export interface FeatureInput {
  readonly snapshot: SnapshotValues;
  readonly window: SnapshotWindow;
  /** Time of this snapshot and of the last action, which no step of the wall clock moves. */
  readonly timeMs: number;
  /** Time of the last action before this snapshot, null when none is known. */
  readonly lastOptimizationMs: number | null;
  readonly rateWindowMs: number;
  readonly trendWindowMs: number;
}

/** One feature. `compute` may give NaN or ±Infinity: the row then holds `whenMissing`. */
export interface FeatureDefinition {
  readonly name: string;
  readonly unit: string;
  readonly how: string;
  readonly whenMissing: number;
  readonly compute: (input: FeatureInput) => number;
}

const localHour = createLocalTime((date) => date.getHours());
const localWeekday = createLocalTime((date) => (date.getDay() + 6) % 7);

// Counters of what the optimizer itself had paged out and came back.
const ownFile: readonly Counter[] = ['ownRefaultFile'];
const ownAnon: readonly Counter[] = ['ownRefaultAnon'];

const pagesScanned = counterColumn('pagesScanned');
const pagesStolen = counterColumn('pagesStolen');

/** All features, the ADR's eight first. The order here is the default order of a row. */
export const featureTable: readonly FeatureDefinition[] = [
  define('usage_percent', '%', '100 × (1 - MemAvailable / MemTotal), clipped to 0 to 100', (f) =>
    clip(usedPercentOf(f.snapshot), 0, 100),
  ),
  define(
    'usage_trend',
    '-1 to 1',
    'slope of memory in use over the trend window (line through the means of its older and newer half), ±1 at 10 points of MemTotal per trend window, clipped',
    (f) => trendOf(f, f.window.usedSlopeKibPerMs * f.trendWindowMs),
  ),
  define('process_count', 'processes', 'processes in /proc', (f) => f.snapshot.process_count),
  define(
    'top_process_percent',
    '%',
    '100 × RSS of the largest process / MemTotal, at most 100; 0 when unknown',
    (f) => percentOf(f.snapshot.top_process_rss_kib, f.snapshot.mem_total_kib),
  ),
  define('page_file_ratio', '0 to 1', 'swap in use / swap size; 0 without swap', swapUsedRatio),
  define('time_of_day', 'hour', 'local hour of the host, 0 to 23', (f) => localHour(f.snapshot.timestamp)),
  define('day_of_week', 'day', 'local day of the host, 0 = Monday to 6 = Sunday', (f) =>
    localWeekday(f.snapshot.timestamp),
  ),
  define(
    'minutes_since_last_opt',
    'minutes',
    'minutes (with fraction) since the last action before the snapshot, at most 1440, which also stands for never',
    minutesSinceOptimization,
    featureConstants.neverOptimizedMinutes,
  ),
  stallShare('psi_memory_some', 'psiMemorySomeUs', '/proc/pressure/memory some'),
  stallShare('psi_memory_full', 'psiMemoryFullUs', '/proc/pressure/memory full'),
  stallShare('psi_io_some', 'psiIoSomeUs', '/proc/pressure/io some'),
  stallShare('psi_cpu_some', 'psiCpuSomeUs', '/proc/pressure/cpu some'),
  pageRate('refault_file_rate', 'refaultFile', 'workingset_refault_file', ownFile),
  pageRate('refault_anon_rate', 'refaultAnon', 'workingset_refault_anon', ownAnon),
  pageRate('swap_in_rate', 'swapIn', 'pswpin', ownAnon),
  pageRate('swap_out_rate', 'swapOut', 'pswpout'),
  pageRate('major_fault_rate', 'majorFaults', 'pgmajfault', [...ownFile, ...ownAnon]),
  pageRate('pgscan_rate', 'pagesScanned', 'pgscan_kswapd + pgscan_direct'),
  define(
    'reclaim_efficiency',
    '0 to 1',
    'pages stolen / pages scanned over the rate window, clipped; 1 when nothing was scanned or it is unknown',
    (f) => clip(f.window.increase(pagesStolen) / f.window.increase(pagesScanned), 0, 1),
    1,
  ),
  define('available_percent', '%', '100 × MemAvailable / MemTotal, at most 100', (f) =>
    percentOf(f.snapshot.mem_available_kib, f.snapshot.mem_total_kib),
  ),
  define(
    'available_trend',
    '-1 to 1',
    'change of MemAvailable over the rate window (the fast counterpart of usage_trend), ±1 at 10 points of MemTotal per rate window, clipped',
    (f) => -trendOf(f, f.window.usedChangeKibPerMs * f.rateWindowMs),
  ),
  define('free_percent', '%', '100 × MemFree / MemTotal, at most 100; 0 when unknown', (f) =>
    percentOf(f.snapshot.mem_free_kib, f.snapshot.mem_total_kib),
  ),
  define('dirty_percent', '%', '100 × Dirty / MemTotal, at most 100; 0 when unknown', (f) =>
    percentOf(f.snapshot.dirty_kib, f.snapshot.mem_total_kib),
  ),
  define(
    'file_cache_percent',
    '%',
    '100 × (Active(file) + Inactive(file)) / MemTotal, at most 100; 0 when unknown',
    fileCachePercent,
  ),
  define(
    'cgroup_usage_percent',
    '%',
    '100 × usage / limit of the memory cgroup, at most 100; 0 when it has no limit or is unknown',
    cgroupUsagePercent,
  ),
];

function define(
  name: string,
  unit: string,
  how: string,
  compute: (input: FeatureInput) => number,
  whenMissing = 0,
): FeatureDefinition {
  return { name, unit, how, whenMissing, compute };
}

function stallShare(name: string, counter: Counter, source: string): FeatureDefinition {
  const how = `share of the rate window stalled, from the total of ${source}, clipped to 0 to 1; 0 when unknown`;
  const column = counterColumn(counter);
  return define(name, '0 to 1', how, (f) =>
    clip(f.window.increase(column) / (f.window.rateSpanMs * 1000), 0, 1),
  );
}

/**
 * Scale-free and compressed: trees do not care, linear models need it.
 * @param own what came back because the optimizer had paged it out, taken off so that no action feeds the next
 */
function pageRate(
  name: string,
  counter: Counter,
  source: string,
  own: readonly Counter[] = [],
): FeatureDefinition {
  const ours = own.length > 0 ? ', less the pages that the optimizer had paged out and came back' : '';
  const how = `log(1 + millionths of MemTotal's pages per second) by ${source} over the rate window${ours}; 0 when unknown`;
  const column = counterColumn(counter);
  const ownColumns = own.map(counterColumn);
  return define(name, 'log(1 + ppm/s)', how, ({ window, snapshot }) => {
    let ownPages = 0;
    for (let i = 0; i < ownColumns.length; i++) ownPages += window.increase(ownColumns[i]!);
    const pagesPerSecond = Math.max(0, window.increase(column) - ownPages) / (window.rateSpanMs / 1000);
    if (pagesPerSecond > MAX_PAGES_PER_SECOND) return Number.NaN;
    const totalPages = snapshot.mem_total_kib / featureConstants.pageKib;
    return Math.log1p((1e6 * pagesPerSecond) / totalPages);
  });
}

function trendOf(f: FeatureInput, kibPerWindow: number): number {
  const percentPerWindow = (100 * kibPerWindow) / f.snapshot.mem_total_kib;
  return clip(percentPerWindow / featureConstants.trendFullScalePercent, -1, 1);
}

function swapUsedRatio({ snapshot: { swap_total_kib: total, swap_free_kib: free } }: FeatureInput): number {
  return total && free !== null ? clip(1 - free / total, 0, 1) : 0;
}

function minutesSinceOptimization({ timeMs, lastOptimizationMs }: FeatureInput): number {
  if (lastOptimizationMs === null) return Number.NaN;
  return clip((timeMs - lastOptimizationMs) / 60_000, 0, featureConstants.neverOptimizedMinutes);
}

function fileCachePercent({ snapshot: s }: FeatureInput): number {
  return percentOf((s.active_file_kib ?? Number.NaN) + (s.inactive_file_kib ?? Number.NaN), s.mem_total_kib);
}

function cgroupUsagePercent({ snapshot: s }: FeatureInput): number {
  return percentOf(s.cgroup_usage_bytes, s.cgroup_limit_bytes ?? Number.NaN);
}

/** Parts can be larger than their whole for a moment: a limit that was lowered, files that are read one after the other. */
function percentOf(part: number | null, whole: number): number {
  return part === null ? Number.NaN : clip((100 * part) / whole, 0, 100);
}
