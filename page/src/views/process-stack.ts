// The largest processes over time as lines of a stacked chart: the same process keeps its colour while it is shown.
import type { ProcessUse } from '../api.ts';
import type { Line } from '../charts/chart.tsx';
import { writeName } from '../text.ts';

const SHOWN = 6;
const colours = Array.from({ length: SHOWN }, (_, at) => `p${at + 1}`);
/** Colour by process, for as long as the page is open. */
const taken = new Map<string, string>();

interface Moment {
  readonly top: readonly ProcessUse[] | null;
}

const keyOf = ({ pid, name }: ProcessUse): string => `${pid} ${name}`;

/** Lines of those that held the most over the time, and one of all others. */
export function stackProcesses(moments: readonly Moment[]): Line[] {
  const most = new Map<string, ProcessUse>();
  for (const { top } of moments)
    for (const use of top ?? []) {
      const key = keyOf(use);
      const rssBytes = use.rssBytes + (most.get(key)?.rssBytes ?? 0);
      most.set(key, { pid: use.pid, name: use.name, rssBytes });
    }
  const shown = [...most].sort(([, a], [, b]) => b.rssBytes - a.rssBytes).slice(0, SHOWN);
  giveColours(shown.map(([key]) => key));
  const places = new Map(shown.map(([key], at) => [key, at]));
  const columns = shown.map(() => moments.map((): number | null => null));
  const others = moments.map((): number | null => null);
  for (const [at, { top }] of moments.entries()) {
    if (top === null) continue;
    for (const column of columns) column[at] = 0;
    others[at] = 0;
    for (const use of top) {
      const column = columns[places.get(keyOf(use)) ?? -1] ?? others;
      column[at] = (column[at] ?? 0) + use.rssBytes;
    }
  }
  const lines = shown.map(([key, use], at): Line => ({
    label: `${writeName(use.name)} ${use.pid}`,
    colour: taken.get(key) ?? 'other',
    values: columns[at]!,
  }));
  const rest = { label: 'the next largest', colour: 'other', values: others };
  return others.some((value) => (value ?? 0) > 0) ? [...lines, rest] : lines;
}

/** Who is shown already keeps a colour; who is new gets a free one. */
function giveColours(keys: readonly string[]): void {
  for (const key of taken.keys()) if (!keys.includes(key)) taken.delete(key);
  for (const key of keys) {
    if (taken.has(key)) continue;
    const used = new Set(taken.values());
    taken.set(key, colours.find((colour) => !used.has(colour)) ?? 'other');
  }
}
