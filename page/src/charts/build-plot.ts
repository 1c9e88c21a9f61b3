// The uPlot of a chart: its options, its data, and what is drawn over the lines.
import uPlot from 'uplot';
import type { ChartProps, Line } from './chart.tsx';
import { moveBy, zoomBy } from '../span.ts';
import { colourOf } from './colours.ts';
import { drawMarks, drawSpans, drawWindow } from './draw-marks.ts';

/** The newest props, for hooks that outlive a render. */
export interface Latest {
  readonly current: ChartProps;
}

const BINARY_STEPS = Array.from({ length: 46 }, (_, power) => 2 ** (power - 2));
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 60 * MINUTE),
  ...[1, 2, 3, 7, 14, 30, 90, 365].map((days) => days * DAY),
];

/** Builds it into an element. `onCursor` gets the place in the data under the cursor. */
export function buildPlot(now: Latest, at: HTMLElement, onCursor: (index: number | null) => void): uPlot {
  const { lines, isStacked = false, height = 180 } = now.current;
  const options: uPlot.Options = {
    width: Math.max(at.clientWidth, 100),
    height,
    ms: 1,
    padding: [6, 16, 0, 0],
    legend: { show: false },
    cursor: {
      ...(now.current.window === undefined && { sync: { key: 'page' } }),
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: true, auto: false, min: now.current.fromMs, max: now.current.toMs },
      y: { range: (_, __, max) => [0, roundUp(now, max)] },
    },
    series: [{}, ...lines.flatMap((line) => seriesOf(line, isStacked))],
    bands: lines.flatMap((line, index) => bandsOf(line, index, lines, isStacked)),
    axes: [timeAxis(), valueAxis(now)],
    hooks: {
      drawAxes: [(plot) => drawSpans(plot, now.current.marks ?? [])],
      draw: [
        (plot) => drawMarks(plot, now.current.marks ?? [], now.current.atMs ?? null),
        (plot) => now.current.window && drawWindow(plot, now.current.window),
      ],
      setCursor: [(plot) => onCursor(plot.cursor.left! < 0 ? null : (plot.cursor.idx ?? null))],
      setSelect: [(plot) => takeSelection(plot, now)],
    },
  };
  const plot = new uPlot(options, buildPlotData(now.current), at);
  listenToMouse(plot, now);
  return plot;
}

/** Columns as uPlot wants them: time, then of each line its mean, and its least and greatest where it has them. */
export function buildPlotData({ times, lines, isStacked }: ChartProps): uPlot.AlignedData {
  if (isStacked) return [times as number[], ...stack(lines, times.length)];
  const columns = lines.flatMap(({ values, min, max }) =>
    min === undefined || max === undefined ? [values] : [values, max, min],
  );
  return [times as number[], ...columns] as uPlot.AlignedData;
}

/** Sums from the last line up, so that the first one lies on top. */
function stack(lines: readonly Line[], length: number): (number | null)[][] {
  const sums = Array.from({ length }, (): number | null => null);
  const stacked = lines.toReversed().map(({ values }) => {
    for (let at = 0; at < length; at += 1) {
      const value = values[at];
      if (typeof value === 'number') sums[at] = (sums[at] ?? 0) + value;
    }
    return [...sums];
  });
  return stacked.reverse();
}

function seriesOf({ label, colour, min, isFilled }: Line, isStacked: boolean): uPlot.Series[] {
  const stroke = (): string => colourOf(colour);
  const fill = (): string => colourOf(colour, isStacked ? 0.6 : 0.18);
  const line: uPlot.Series = {
    label,
    stroke,
    width: isStacked ? 1 : 1.6,
    points: { show: false },
    gaps: longGaps,
    ...((isFilled || isStacked) && { fill }),
  };
  const edge: uPlot.Series = { label: `${label} edge`, width: 0, points: { show: false }, gaps: longGaps };
  return min === undefined ? [line] : [line, edge, edge];
}

function bandsOf(
  { colour, min }: Line,
  index: number,
  lines: readonly Line[],
  isStacked: boolean,
): uPlot.Band[] {
  if (isStacked) return index === lines.length - 1 ? [] : [{ series: [index + 1, index + 2] }];
  if (min === undefined) return [];
  const before = lines.slice(0, index).reduce((sum, line) => sum + (line.min === undefined ? 1 : 3), 1);
  const fill = (): string => colourOf(colour, 0.3);
  return [{ series: [before + 1, before + 2], fill }];
}

/** A pause of a few samples is none: only what is longer than this interrupts a line. */
const PAUSE_MS = 5000;

/** Of the places without a value those that last; in pixels, as uPlot has them. */
function longGaps(
  plot: uPlot,
  _: number,
  __: number,
  ___: number,
  gaps: uPlot.Series.Gaps,
): uPlot.Series.Gaps {
  const { min = 0, max = 1 } = plot.scales['x']!;
  const [times] = plot.data;
  const stepMs = times.length > 1 ? times[1]! - times[0]! : 0;
  const perPixel = (max - min) / plot.bbox.width;
  return gaps.filter(([from, to]) => (to - from) * perPixel > Math.max(PAUSE_MS, 3 * stepMs));
}

const axisLook = {
  stroke: (): string => colourOf('quiet'),
  font: '11px system-ui, sans-serif',
  grid: { stroke: (): string => colourOf('grid'), width: 1 },
  ticks: { show: false },
};

const timeAxis = (): uPlot.Axis => ({
  ...axisLook,
  size: 28,
  space: 74,
  gap: 4,
  incrs: STEPS_MS,
  values: (_, splits, __, ___, step) => splits.map((ms, at) => writeSplit(ms, step, splits[at - 1])),
});

/** The day where it begins, else the time, as exact as the steps are. */
function writeSplit(ms: number, stepMs: number, beforeMs: number | undefined): string {
  const then = new Date(ms);
  const day = then.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  if (stepMs >= DAY) return day;
  const isNewDay = beforeMs !== undefined && new Date(beforeMs).toDateString() !== then.toDateString();
  if (isNewDay) return day;
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
  return stepMs < MINUTE ? `${clock}:${two(then.getSeconds())}` : clock;
}

const valueAxis = (now: Latest): uPlot.Axis => ({
  ...axisLook,
  size: 62,
  gap: 6,
  space: 34,
  ...(now.current.isBinary && { incrs: BINARY_STEPS }),
  values: (_, splits) => splits.map((value) => (value === 0 ? '0' : writeShort(now.current.write(value)))),
});

/** Without zeros that an axis does not need: `16 GiB`, not `16.0 GiB`. */
const writeShort = (text: string): string =>
  text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');

/** The top of the axis: what is there with some room, and never nothing. */
function roundUp({ current: { atLeast = 0 } }: Latest, max: number | null): number {
  const most = Math.max(atLeast, (max ?? 0) * 1.08);
  return most > 0 ? most : 1;
}

/** A part that was marked with the mouse becomes the range. */
function takeSelection(plot: uPlot, now: Latest): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  const marked = { fromMs: plot.posToVal(left, 'x'), toMs: plot.posToVal(left + width, 'x') };
  now.current.onRange?.(() => marked);
}

function listenToMouse(plot: uPlot, now: Latest): void {
  let downAt = 0;
  plot.over.addEventListener('mousedown', ({ clientX }) => (downAt = clientX));
  plot.over.addEventListener('click', ({ clientX }) => {
    if (Math.abs(clientX - downAt) > 3) return;
    now.current.onMoment?.(Math.round(plot.posToVal(clientX - plot.over.getBoundingClientRect().left, 'x')));
  });
  plot.over.addEventListener('dblclick', () => now.current.onRange?.(zoomBy(2)));
  plot.over.addEventListener('wheel', (event) => turnWheel(event, plot, now), { passive: false });
}

/** Alone it scrolls the page; with Ctrl (or two fingers) it zooms, with Shift (or sideways) it moves through time. */
function turnWheel(event: WheelEvent, plot: uPlot, now: Latest): void {
  const { onRange } = now.current;
  const isPan = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (onRange === undefined || !(isPan || event.ctrlKey || event.altKey)) return;
  event.preventDefault();
  if (isPan) {
    onRange(moveBy((event.deltaX || event.deltaY) / plot.over.clientWidth));
    return;
  }
  const at = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, 'x');
  const factor = Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY / 200)));
  onRange(zoomBy(factor, at));
}
