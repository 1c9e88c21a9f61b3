// k over a fleet: how exact the sizes of each host's memory may be, so that at least k hosts look alike in them. A host
// alone cannot know how many others are like it; who collects can. Sizes come in steps of a half (8, 12, 16 GiB) from the
// hosts; they stay so where k hosts share them, else they become powers of two, else those of the largest host. Pure.
import type * as arrow from 'apache-arrow';
import { buildBatch, buildIntegers, readNullableNumbers } from '../../core/index.ts';
import { coarseSize } from '../../prepare/index.ts';

/** What singles a host out by its rows. */
export const SIZE_COLUMNS = ['mem_total_kib', 'swap_total_kib', 'cgroup_limit_bytes'] as const;

/** Sizes of one host in the order of {@link SIZE_COLUMNS}; null where it has none. */
export type HostSizes = readonly (number | null)[];

/** 0 as they came, 1 powers of two, 2 those of the whole fleet. */
export type ExactLevel = 0 | 1 | 2;

/** How exact each host may be, and what that reached. */
export interface FleetLevels {
  readonly levelOf: ReadonlyMap<string, ExactLevel>;
  /** Sizes that every host of level 2 shows. */
  readonly shared: HostSizes;
  /** Hosts in the smallest group; 0 without hosts. */
  readonly reachedK: number;
}

/** Chooses the finest level of each host at which at least k hosts are alike; all at level 2 when k cannot be reached. */
export function chooseLevels(hosts: ReadonlyMap<string, HostSizes>, k: number): FleetLevels {
  const groups: { readonly level: ExactLevel; readonly hosts: readonly string[] }[] = [];
  let left = [...hosts.keys()];
  for (const level of [0, 1] as const) {
    const found = Map.groupBy(left, (host) => textOf(coarsen(hosts.get(host)!, level)));
    const large = [...found.values()].filter((group) => group.length >= k);
    for (const group of large) groups.push({ level, hosts: group });
    const placed = new Set(large.flat());
    left = left.filter((host) => !placed.has(host));
  }
  // Those that are left must be k as well: others join them, the smallest group first.
  groups.sort((a, b) => b.hosts.length - a.hosts.length);
  while (left.length > 0 && left.length < k && groups.length > 0) left = [...left, ...groups.pop()!.hosts];
  if (left.length > 0) groups.push({ level: 2, hosts: left });
  return {
    levelOf: new Map(groups.flatMap((group) => group.hosts.map((host) => [host, group.level] as const))),
    shared: largestOf([...hosts.values()]),
    reachedK: groups.reduce((least, group) => Math.min(least, group.hosts.length), hosts.size),
  };
}

/** The sizes of the newest row of a batch. */
export function readSizes(batch: arrow.RecordBatch): HostSizes {
  return SIZE_COLUMNS.map((name) => {
    const value = readNullableNumbersOf(batch, name)?.at(-1) ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  });
}

/**
 * Rows as exact as the level allows. What is left of a size moves with it, so that what is used stays as it is; rows
 * whose sizes are not those by which the level was chosen are of level 2.
 */
export function generaliseSizes(
  batch: arrow.RecordBatch,
  level: ExactLevel,
  { sizes, shared }: { readonly sizes: HostSizes; readonly shared: HostSizes },
): arrow.RecordBatch {
  const columns = SIZE_COLUMNS.map((name) => readNullableNumbersOf(batch, name));
  const swapFree = readNullableNumbersOf(batch, 'swap_free_kib');
  for (let row = 0; row < batch.numRows; row++) {
    const own = columns.map((values) => toNull(values?.[row]));
    const rowLevel = textOf(own) === textOf(sizes) ? level : 2;
    const shown = rowLevel === 2 ? shared : coarsen(own, rowLevel);
    columns.forEach((values, i) => {
      if (values) values[row] = shown[i] ?? Number.NaN;
    });
    if (swapFree && own[1] !== null) swapFree[row]! += (shown[1] ?? 0) - own[1]!;
  }
  const changed = new Map<string, Float64Array | null>([
    ...SIZE_COLUMNS.map((name, i) => [name, columns[i]!] as const),
    ['swap_free_kib', swapFree],
  ]);
  const data = batch.schema.fields.map((field, at) => {
    const values = changed.get(field.name);
    return values ? buildIntegers(field.type as arrow.DataType, values) : batch.data.children[at]!;
  });
  return buildBatch(batch.schema, batch.numRows, data);
}

function readNullableNumbersOf(batch: arrow.RecordBatch, name: string): Float64Array | null {
  const at = batch.schema.fields.findIndex((field) => field.name === name);
  // A copy: what was decoded is a view of the message.
  return at < 0 ? null : Float64Array.from(readNullableNumbers(batch.data.children[at]!));
}

const toNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

const textOf = (sizes: HostSizes): string => sizes.join(' ');

const coarsen = (sizes: HostSizes, level: 0 | 1): HostSizes =>
  sizes.map((size) => (size === null ? null : coarseSize(size, level)));

function largestOf(hosts: readonly HostSizes[]): HostSizes {
  return SIZE_COLUMNS.map((_, i) => {
    const known = hosts.flatMap((sizes) => sizes[i] ?? []);
    return known.length === 0 ? null : coarseSize(Math.max(...known), 1);
  });
}
