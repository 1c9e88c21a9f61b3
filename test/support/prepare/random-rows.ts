// Random tables of every kind for the anonymiser: rare names, sizes that change, counters that wrap and boots, clocks
// that jump, nulls, and floats that are no numbers. Times never go back: a history hands rows out in time order.
import type { AnyRow, Field, RecordKind } from '../../../src/core/index.ts';
import { mondayMs } from '../memory-rows.ts';

const DAY_MS = 86_400_000;
const names = [
  'postgres',
  'größe',
  '',
  'x'.repeat(40),
  ...Array.from({ length: 12 }, (_, i) => `worker-${i}`),
];
const texts = [
  '',
  'act',
  'gc+process_madvise',
  'gc+tea',
  'rule',
  'Critical',
  'EPERM at /home/alice',
  'ENOENT, EACCES and ERR_OPTIMIZE_SYSCALL',
  'EVERYTHING is lost',
];
const floats = [Number.NaN, Infinity, -Infinity, 0, -0, 1.5, 99.875];
const sizes = [24_684_092, 12_000_000, 3, 1, 0];

/** So many rows of a kind in time order. */
export function randomRows(kind: RecordKind, count: number, random: () => number): AnyRow[] {
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const pick = <T>(values: readonly T[]): T => values[whole(0, values.length - 1)]!;
  const nullShare = pick([0, 0.05, 0.5]);
  const stepMs = pick([1, 1000, 60_000, 7 * 3_600_000]);
  let timeMs = pick([mondayMs + 7, 7, -3 * DAY_MS - 1]);
  const counted = new Map(kind.fields.map(({ name }) => [name, pick([0, whole(0, 1e6)])]));

  const count64 = (name: string): number => {
    // Most of the time a counter counts; now and then it falls by itself, or holds whatever it can hold.
    const step = random() < 0.03 ? -whole(0, 1e6) : whole(0, 50);
    counted.set(name, Math.max(0, counted.get(name)! + step));
    return random() < 0.01 ? pick([0, 2 ** 40, Number.MAX_SAFE_INTEGER]) : counted.get(name)!;
  };
  const valueOf = ({ name, type, nullable }: Field): AnyRow[string] => {
    if (name === 'timestamp') return timeMs;
    if (nullable && random() < nullShare) return null;
    if (name === 'name') return random() < 0.8 ? names[0]! : pick(names);
    if (name === 'pid') return whole(1, 12);
    if (name === 'start_time_ticks') return whole(0, 2) * 100;
    if (type === 'utf8') return pick(texts);
    if (type === 'bool') return random() < 0.5;
    if (type === 'float32') return pick(floats);
    if (name.includes('total') || name.includes('limit')) return random() < 0.95 ? 16_000_000 : pick(sizes);
    return type === 'int32' ? whole(0, 500) : count64(name);
  };

  return Array.from({ length: count }, () => {
    if (random() < 0.9) timeMs += whole(0, stepMs);
    if (random() < 0.02) timeMs += whole(1, 400) * DAY_MS;
    if (random() < 0.02) {
      // A boot, or less than one.
      const share = pick([0.3, 0.5, 0.7, 1]);
      for (const name of counted.keys()) if (random() < share) counted.set(name, whole(0, 10));
    }
    return Object.fromEntries(kind.fields.map((field) => [field.name, valueOf(field)]));
  });
}
