// Filters in TypeScript: the twins of the kernels (kernels/kernel-filter.ts), event by event. Times are read as two lanes,
// so that no event costs a BigInt; they are exact up to 2^53.
import type { EventSlot } from '../model/index.ts';
import { planFilter } from './filter-options.ts';
import type { EventFilter, EventFilterOptions, FilterPlan } from './filter-options.ts';

const LANE = 2 ** 32;

/** Keeps an event or not, by its place in a slot; it may remember it. */
type Test = (events: EventSlot, at: number) => boolean;

/** A filter that runs anywhere. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function createScriptFilter(options: EventFilterOptions): EventFilter {
  const plan = planFilter(options);
  const tests = [simpleTest(plan), hotTest(plan), refractoryTest(plan), neighbourTest(plan)].filter(
    (test) => test !== null,
  );
  return {
    engine: 'typescript',
    apply(events) {
      for (const test of tests) keepWhere(events, test);
    },
  };
}

function keepWhere(events: EventSlot, test: Test): void {
  const { lanes, x, y, p } = events;
  let n = 0;
  for (let at = 0; at < events.length; at++) {
    if (!test(events, at)) continue;
    lanes[2 * n] = lanes[2 * at]!;
    lanes[2 * n + 1] = lanes[2 * at + 1]!;
    x[n] = x[at]!;
    y[n] = y[at]!;
    p[n] = p[at]!;
    n++;
  }
  events.length = n;
}

/** t as a number: the upper lane has the sign. */
const timeAt = ({ lanes }: EventSlot, at: number): number => (lanes[2 * at + 1]! | 0) * LANE + lanes[2 * at]!;

function simpleTest({ isSimple, from, to, region, polarity }: FilterPlan): Test | null {
  if (!isSimple) return null;
  const first = from === undefined ? -Infinity : Number(from);
  const end = to === undefined ? Infinity : Number(to);
  const { x, y, width, height } = region;
  return (events, at) => {
    const column = events.x[at]! - x;
    const row = events.y[at]! - y;
    if (column < 0 || column >= width || row < 0 || row >= height) return false;
    if (polarity !== undefined && events.p[at]! > 0 !== (polarity === 'on')) return false;
    const t = timeAt(events, at);
    return t >= first && t < end;
  };
}

/** Which pixel an event comes from; −1 outside of the geometry. */
function pixelOf({ width, height }: FilterPlan, { x, y }: EventSlot, at: number): number {
  return x[at]! < width && y[at]! < height ? y[at]! * width + x[at]! : -1;
}

function hotTest(plan: FilterPlan): Test | null {
  if (plan.hotPixels.length === 0) return null;
  const hot = markPixels(plan);
  return (events, at) => hot[pixelOf(plan, events, at)] !== 1;
}

/** 1 for every hot pixel inside of the geometry. */
export function markPixels({ hotPixels, width, height }: FilterPlan): Uint8Array {
  const marks = new Uint8Array(width * height);
  for (const [x, y] of hotPixels) if (x < width && y < height) marks[y * width + x] = 1;
  return marks;
}

function refractoryTest(plan: FilterPlan): Test | null {
  const { refractoryPeriod: period, width, height } = plan;
  if (period === undefined) return null;
  const last = new Float64Array(width * height).fill(-Infinity);
  return (events, at) => {
    const pixel = pixelOf(plan, events, at);
    if (pixel < 0) return true;
    const t = timeAt(events, at);
    const isEarly = t - last[pixel]! <= period;
    last[pixel] = t;
    return !isEarly;
  };
}

function neighbourTest(plan: FilterPlan): Test | null {
  const { backgroundPeriod: period, width, height } = plan;
  if (period === undefined) return null;
  const last = new Float64Array(width * height).fill(-Infinity);
  return (events, at) => {
    const pixel = pixelOf(plan, events, at);
    if (pixel < 0) return false;
    const t = timeAt(events, at);
    last[pixel] = t;
    const x = events.x[at]!;
    return (
      (x > 0 && t - last[pixel - 1]! < period) ||
      (x + 1 < width && t - last[pixel + 1]! < period) ||
      (pixel >= width && t - last[pixel - width]! < period) ||
      (pixel + width < last.length && t - last[pixel + width]! < period)
    );
  };
}
