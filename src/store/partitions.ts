// A range of a kind as partitions: lazy frames over sealed segments and the rows not sealed yet, each small enough
// to be sorted in memory, whose rows follow each other in time. Segments that follow one another are scanned as they
// are; those that overlap are sorted together, and where one spans others because some of its rows bear a wrong
// time, it is cut at the gaps between its rows, so that one such row costs one more scan of its own segment.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { AnyRow, HistoryPartition, PartitionOptions, RecordKind, Polars } from '../core/index.ts';
import { buildRowsFrame, concatFrames } from './lazy-frame.ts';
import { isWithin, sortByTime } from './query.ts';
import type { Segment } from './segment-files.ts';

/** 350 MB of the widest table. */
const MAX_ROWS = 2 ** 20;

/** What partitions are made of. */
export interface PartitionParts {
  readonly kind: RecordKind;
  /** The oldest first: of rows with equal times, those of an older segment come first. */
  readonly segments: readonly Segment[];
  /** Rows in no segment yet. */
  readonly rows: readonly AnyRow[];
  /** Checks every bit of a segment; false when it is not to be read. */
  readonly check: (segment: Segment) => Promise<boolean>;
}

/** Rows of one source that follow each other; times of the first and the last, both inclusive. */
interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
  readonly firstRow: number;
  readonly rows: number;
  /** Place among all sources: the oldest first. */
  readonly order: number;
  /** Null for the rows not sealed yet. */
  readonly segment: Segment | null;
}

/** Half-open. */
interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Plans the partitions of a range. Files are checked and scanned when a partition is opened. */
export async function buildPartitions(
  parts: PartitionParts,
  { fromMs = -Infinity, toMs = Infinity, maxRows = MAX_ROWS }: PartitionOptions,
): Promise<HistoryPartition[]> {
  const polars = loadPolars();
  const tail = sortByTime(parts.rows);
  const range = { fromMs, toMs };
  const slices = [...parts.segments.map(toSlice), ...toTailSlice(tail, parts.segments.length)];
  const wanted = slices.filter((slice) => slice.rows > 0 && isWithin(slice, range));
  const split = await splitAtGaps(polars, wanted, parts);
  const open = createOpener(polars, { ...parts, rows: tail });
  return groupByTime(split.filter((slice) => isWithin(slice, range))).flatMap((cluster) =>
    cutCluster(cluster, maxRows).map((window) => {
      const inside = { fromMs: Math.max(window.fromMs, fromMs), toMs: Math.min(window.toMs, toMs) };
      const within = cluster.slices.filter((slice) => isWithin(slice, inside));
      return {
        ...inside,
        maxRows: within.reduce((sum, { rows }) => sum + rows, 0),
        isSorted: cluster.overlaps,
        files: filesOf(within),
        open: () => open(within, inside, cluster.overlaps),
      };
    }),
  );
}

function toSlice(segment: Segment, order: number): Slice {
  const { fromMs, toMs, rows } = segment;
  return { fromMs, toMs, rows, firstRow: 0, order, segment };
}

function toTailSlice(tail: readonly AnyRow[], order: number): Slice[] {
  if (tail.length === 0) return [];
  const [fromMs, toMs] = [timeOf(tail[0]!), timeOf(tail.at(-1)!)];
  return [{ fromMs, toMs, rows: tail.length, firstRow: 0, order, segment: null }];
}

/** A file never changes once it is sealed. */
function filesOf(slices: readonly Slice[]): string[] | null {
  const files = slices.map(({ segment }) => segment?.path ?? null);
  return files.every((path) => path !== null) ? files : null;
}

const timeOf = (row: AnyRow): number => Number(row['timestamp']);

/** Cuts each slice that spans another one wherever the other lies between two of its rows. */
async function splitAtGaps(
  polars: Polars,
  slices: readonly Slice[],
  parts: PartitionParts,
): Promise<Slice[]> {
  const split: Slice[] = [];
  for (const slice of slices) {
    const inner = slices.filter(
      (other) => other !== slice && other.fromMs > slice.fromMs && other.toMs < slice.toMs,
    );
    if (inner.length === 0) split.push(slice);
    else split.push(...cutAtGaps(slice, inner, await readTimes(polars, slice, parts)));
  }
  return split;
}

async function readTimes(polars: Polars, { segment }: Slice, { rows }: PartitionParts): Promise<number[]> {
  if (segment === null) return sortByTime(rows).map(timeOf);
  const frame = await polars
    .scanParquet(segment.path)
    .select(polars.col('timestamp').cast(polars.Int64).cast(polars.Float64))
    .collect();
  return frame.getColumn('timestamp').toArray() as number[];
}

function cutAtGaps(slice: Slice, inner: readonly Slice[], times: readonly number[]): Slice[] {
  const cut: Slice[] = [];
  let first = 0;
  for (let row = 1; row <= times.length; row++) {
    const [before, next] = [times[row - 1]!, times[row] ?? Infinity];
    const isGap = row === times.length || inner.some(({ fromMs, toMs }) => fromMs > before && toMs < next);
    if (!isGap) continue;
    cut.push({ ...slice, fromMs: times[first]!, toMs: before, firstRow: first, rows: row - first });
    first = row;
  }
  return cut;
}

interface Cluster {
  readonly slices: Slice[];
  overlaps: boolean;
  toMs: number;
}

/** Slices that overlap stand in one cluster; clusters follow each other in time. */
function groupByTime(slices: readonly Slice[]): Cluster[] {
  const clusters: Cluster[] = [];
  for (const slice of slices.toSorted((a, b) => a.fromMs - b.fromMs || a.order - b.order)) {
    const last = clusters.at(-1);
    if (!last || slice.fromMs > last.toMs) {
      clusters.push({ slices: [slice], overlaps: false, toMs: slice.toMs });
      continue;
    }
    // One that begins where another ends follows it, when it is the younger one.
    if (slice.fromMs < last.toMs || slice.order < last.slices.at(-1)!.order) last.overlaps = true;
    last.slices.push(slice);
    last.toMs = Math.max(last.toMs, slice.toMs);
  }
  return clusters;
}

/** Windows of at most `maxRows`, as far as rows are spread evenly over the time of their slice. */
function cutCluster({ slices, overlaps, toMs }: Cluster, maxRows: number): Window[] {
  const fromMs = slices[0]!.fromMs;
  const rows = slices.reduce((sum, slice) => sum + slice.rows, 0);
  const count = overlaps ? Math.min(Math.ceil(rows / maxRows), toMs - fromMs + 1) : 1;
  const stepMs = Math.ceil((toMs + 1 - fromMs) / count);
  return Array.from({ length: count }, (_, i) => ({
    fromMs: fromMs + i * stepMs,
    toMs: Math.min(toMs + 1, fromMs + (i + 1) * stepMs),
  })).filter((window) => window.fromMs < window.toMs);
}

type Open = (slices: readonly Slice[], window: Window, overlaps: boolean) => Promise<LazyDataFrame>;

function createOpener(polars: Polars, { kind, rows, check }: PartitionParts): Open {
  const timeMs = polars.col('timestamp').cast(polars.Int64);
  return async (slices, window, overlaps) => {
    const frames: LazyDataFrame[] = [];
    for (const slice of slices.toSorted((a, b) => a.order - b.order || a.firstRow - b.firstRow)) {
      const { segment, firstRow } = slice;
      if (segment !== null && !(await check(segment))) continue;
      const isWhole = segment !== null && slice.rows === segment.rows;
      let frame = segment === null ? await buildRowsFrame(kind, rows) : polars.scanParquet(segment.path);
      if (!isWhole) frame = frame.slice(firstRow, slice.rows);
      if (slice.fromMs < window.fromMs) frame = frame.filter(timeMs.gtEq(polars.lit(window.fromMs)));
      if (slice.toMs >= window.toMs) frame = frame.filter(timeMs.lt(polars.lit(window.toMs)));
      frames.push(frame);
    }
    const whole = await concatFrames(kind, frames);
    return overlaps ? whole.sort({ by: [polars.col('timestamp')], maintainOrder: true }) : whole;
  };
}
