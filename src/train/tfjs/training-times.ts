// Ranges of time that a model was trained on, so that a later model is not judged on rows this one has seen. The same
// ranges as `time_ranges` of python/src/ruvector/_training/held_out.py.
import { Split } from './tfjs-dataset.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';

const MAX_RANGES = 64;

/** Ranges that hold the training rows and none of the others; at most 64, else the widest gaps stay. */
export function findTrainedRanges({ timestamps, splits, rowCount }: TfjsDataset): [number, number][] {
  const order = Array.from({ length: rowCount }, (_, row) => row).sort((a, b) => timestamps[a]! - timestamps[b]!);
  const ranges: [number, number][] = [];
  let isOpen = false;
  for (const row of order) {
    const [time, isTrained] = [timestamps[row]!, splits[row] === Split.train];
    if (isTrained && isOpen) ranges.at(-1)![1] = time;
    else if (isTrained) ranges.push([time, time]);
    isOpen = isTrained;
  }
  return joinRanges(ranges);
}

function joinRanges(ranges: [number, number][]): [number, number][] {
  if (ranges.length <= MAX_RANGES) return ranges;
  const widest = ranges
    .slice(1)
    .map(([from], at) => ({ at: at + 1, gap: from - ranges[at]![1] }))
    .sort((a, b) => b.gap - a.gap || a.at - b.at)
    .slice(0, MAX_RANGES - 1)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  const starts = [0, ...widest];
  return starts.map((start, at) => [ranges[start]![0], ranges[(starts[at + 1] ?? ranges.length) - 1]![1]]);
}
