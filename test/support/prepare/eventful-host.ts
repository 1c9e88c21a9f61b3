// Memory rows of a host on which much goes wrong: reboots, counters that fall alone, columns that come and go, pauses, a
// clock that is set, the same time twice, kills, an optimizer that is restarted. Random, the same for the same seed.
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { counterColumns, killColumns } from '../../../src/prepare/snapshot-columns.ts';
import { mondayMs, snapshot } from '../memory-rows.ts';

type Column = keyof MemorySnapshot;

const counters: readonly Column[] = counterColumns;
const rare: readonly Column[] = killColumns;
const levels: readonly Column[] = [
  'mem_free_kib',
  'active_file_kib',
  'inactive_file_kib',
  'dirty_kib',
  'swap_free_kib',
  'top_process_rss_kib',
  'cgroup_usage_bytes',
];
const coming: readonly Column[] = [...counters, ...rare, ...levels, 'swap_total_kib', 'cgroup_limit_bytes'];

/** Rows in the order in which they were taken. */
export function eventfulRows(count: number, random: () => number): MemorySnapshot[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const values = new Map<Column, number>([...counters, ...rare].map((name) => [name, 1e6]));
  const missing = new Set<Column>();
  let nowMs = mondayMs;
  return Array.from({ length: count }, (_, row) => {
    const isHot = Math.floor(row / 80) % 3 === 2;
    nowMs += stepMs(random);
    if (random() < 0.003) for (const name of values.keys()) values.set(name, Math.floor(random() * 100));
    if (random() < 0.005) values.set(pick(counters), 0);
    if (random() < 0.02) missing.add(pick(coming));
    if (random() < 0.1) missing.clear();
    for (const name of counters) values.set(name, values.get(name)! + growth(isHot, random));
    if (random() < 0.004) values.set(pick(rare), values.get(pick(rare))! + 1);
    const measured = Object.fromEntries([
      ...levels.map((name) => [name, Math.floor(random() * 8e6)]),
      ...values,
      ...[...missing].map((name) => [name, null]),
    ]) as Partial<MemorySnapshot>;
    return snapshot({
      timestamp: nowMs,
      swap_total_kib: random() < 0.1 ? 0 : 4e6,
      cgroup_limit_bytes: random() < 0.5 ? null : 9e6,
      process_count: Math.floor(random() * 300),
      mem_available_kib: Math.floor((isHot ? 1.8e6 : 8e6) * (0.3 + random())),
      ...measured,
    });
  });
}

function stepMs(random: () => number): number {
  const chance = random();
  if (chance < 0.01) return 0;
  if (chance < 0.016) return -Math.floor(random() * 40_000);
  if (chance < 0.025) return Math.floor(random() * 100_000);
  return chance < 0.3 ? 700 + Math.floor(random() * 600) : 1000;
}

function growth(isHot: boolean, random: () => number): number {
  return isHot ? Math.floor(random() * 30_000) : Math.floor(random() * 3);
}
