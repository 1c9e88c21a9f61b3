// The pictures of a report, each from plain figures of a manifest. Not the tables below them: sections.ts.
import type { CalibrationFacts, DetectionFacts, ForecastFacts, ImportanceFacts } from './report-facts.ts';
import {
  PICTURE_WIDTH,
  axesOf,
  circle,
  drawAxes,
  label,
  line,
  path,
  picture,
  rect,
  roundedEnds,
  ticksOf,
} from './svg.ts';
import { brief, figure, signedFigure, whole } from './text.ts';

const ROW = 34;
const NAME_LETTERS = 46;

type Named = readonly [name: string, value: number, interval: readonly number[] | null];

/** Scores with their intervals, the first one the model's. */
export function drawIntervals(score: string, rows: readonly Named[]): string {
  const ends = rows.flatMap(([, value, interval]) => [value, ...(interval ?? [])]);
  const axes = axesOf([Math.min(0, ...ends), Math.max(...ends) || 1], [0, 1], {
    left: 8,
    right: PICTURE_WIDTH - 12,
    top: 4,
    bottom: 4 + ROW * rows.length,
  });
  const { atX, bottom } = axes;
  const grid = ticksOf(axes.x).map((at) => line(atX(at), 4, atX(at), bottom, 'grid'));
  const shapes = rows.flatMap(([name, value, interval], at) => {
    const kind = at === 0 ? 'main' : 'other';
    const y = 4 + ROW * at + 24;
    const [first, last] = interval?.length === 2 ? interval.map(atX) : [];
    const whiskers =
      first === undefined || last === undefined
        ? []
        : [
            line(first, y, last, y, `${kind}-line`),
            ...[first, last].map((end) => line(end, y - 4, end, y + 4, `${kind}-line`)),
          ];
    const text = label(8, y - 10, name.slice(0, NAME_LETTERS), 'start', at === 0 ? '' : 'quiet');
    return [text, ...whiskers, circle(atX(value), y, 4, kind)];
  });
  const foot = ticksOf(axes.x).map((at) => label(atX(at), bottom + 14, brief(at), 'middle', 'quiet'));
  const told = rows.map(([name, value]) => `${name} ${figure(value)}`).join('; ');
  return picture(
    `${score} with 95 % intervals`,
    `${told}.`,
    bottom + 20,
    [...grid, ...shapes, ...foot].join(''),
  );
}

/** Bars of shares from 0 to 1, one a line, each with its figure. */
export function drawBars(title: string, shares: Readonly<Record<string, number>>): string {
  const all = Object.entries(shares);
  const shapes = all.flatMap(([name, share], at) => {
    const y = 4 + ROW * at;
    return [
      label(8, y + 10, name.slice(0, NAME_LETTERS), 'start', 'quiet'),
      rect(8, y + 15, Math.max(1, (PICTURE_WIDTH - 64) * Math.min(share, 1)), 9, 'main'),
      label(PICTURE_WIDTH - 8, y + 23, figure(share), 'end'),
    ];
  });
  const told = all.map(([name, share]) => `${name} ${figure(share)}`).join('; ');
  return picture(title, `${told}.`, 4 + ROW * all.length, shapes.join(''));
}

/** How often the model is right against how sure it says it is, with the rows of each bin. */
export function drawReliability({ ece, bins: all }: CalibrationFacts): string {
  const bins = all.filter(({ rows }) => rows > 0);
  const axes = axesOf([0, 1], [0, 1], { bottom: 210 });
  const most = Math.max(...bins.map(({ rows }) => rows));
  const foot = axes.bottom + 74;
  const counts = axesOf([0, 1], [0, most], { top: axes.bottom + 38, bottom: foot });
  const points = bins.map(({ confidence, accuracy }) => [axes.atX(confidence), axes.atY(accuracy)] as const);
  const bars = bins.map(({ low, high, rows }) => {
    const left = counts.atX(low) + 1;
    const top = counts.atY(rows);
    return rect(left, top, counts.atX(high) - 1 - left, foot - top, 'soft');
  });
  const shapes = [
    drawAxes(axes, ['stated probability', 'share that was right']),
    line(axes.atX(0), axes.atY(0), axes.atX(1), axes.atY(1), 'dash'),
    path(points, 'main-line'),
    ...points.map(([x, y]) => circle(x, y, 4, 'main')),
    ...bars,
    label(axes.left, foot + 14, `rows in each bin, at most ${whole(most)}`, 'start', 'quiet'),
  ];
  const told =
    `Over ${bins.length} bins of stated probability; the dashed diagonal is perfect calibration. ` +
    `Expected calibration error ${figure(ece)}.`;
  return picture('Reliability diagram', told, foot + 20, shapes.join(''));
}

/** What is lost when one feature is shuffled, the most important first. */
export function drawImportance(rows: ImportanceFacts['features'], loses: string): string {
  const ends = rows.flatMap(({ drop, interval }) => [drop, ...interval]);
  const axes = axesOf([Math.min(0, ...ends), Math.max(0, ...ends) || 1], [0, 1], {
    left: 8,
    right: PICTURE_WIDTH - 56,
    top: 0,
    bottom: ROW * rows.length,
  });
  const { atX, bottom } = axes;
  const zero = atX(0);
  const shapes = rows.flatMap(({ feature, drop, interval }, at) => {
    const y = ROW * at + 17;
    const there = atX(drop);
    return [
      label(8, y - 4, feature.slice(0, NAME_LETTERS)),
      rect(Math.min(zero, there), y, Math.abs(there - zero), 10, 'soft'),
      line(atX(interval[0]), y + 5, atX(interval[1]), y + 5, 'main-line'),
      circle(there, y + 5, 3, 'main'),
      label(PICTURE_WIDTH - 4, y + 9, signedFigure(drop), 'end', 'quiet'),
    ];
  });
  const told = rows.slice(0, 5).map(({ feature, drop }) => `${feature} ${signedFigure(drop)}`);
  const content = [line(zero, 2, zero, bottom + 2, 'grid'), ...shapes].join('');
  return picture(`Loss of ${loses} when a feature is shuffled`, `${told.join('; ')}.`, bottom + 8, content);
}

type Series = Readonly<Record<string, readonly (readonly [x: number, y: number])[]>>;

/** Up to three lines over the steps of a fit. */
export function drawCurves(title: string, series: Series, xName = 'step'): string {
  const points = Object.values(series).flat();
  const steps = points.map(([x]) => x);
  const values = points.map(([, y]) => y);
  const axes = axesOf(
    [Math.min(...steps), Math.max(...steps)],
    roundedEnds(Math.min(...values), Math.max(...values)),
    { left: 52, top: 24, bottom: 190 },
  );
  let at = axes.left;
  const shapes = Object.entries(series).flatMap(([name, held], index) => {
    const kind = ['main', 'second', 'other'][index];
    if (kind === undefined) return [];
    const left = at;
    at += 34 + 7 * name.length;
    const placed = held.map(([x, y]) => [axes.atX(x), axes.atY(y)] as const);
    return namedLine(placed, kind, name, left);
  });
  const told = Object.entries(series).map(
    ([name, held]) => `${name} from ${figure(held[0]?.[1])} to ${figure(held.at(-1)?.[1])}`,
  );
  const content = drawAxes(axes, [xName, title]) + shapes.join('');
  return picture(`${title} by ${xName}`, `${told.join('; ')}.`, axes.bottom + 38, content);
}

/** Precision against recall; the dashed line is the share of anomalous rows. */
export function drawPrecisionRecall({ precisionRecall, anomalousShare }: DetectionFacts): string {
  const axes = axesOf([0, 1], [0, 1], {});
  const held = precisionRecall.map(
    ({ recall, precision }) => [axes.atX(recall), axes.atY(precision)] as const,
  );
  const shapes = [
    drawAxes(axes, ['recall', 'precision']),
    line(axes.left, axes.atY(anomalousShare), axes.right, axes.atY(anomalousShare), 'dash'),
    path(held, 'main-line'),
  ];
  const told = `${held.length} thresholds. Guessing would have a precision of ${figure(anomalousShare)}, dashed.`;
  return picture('Precision against recall', told, axes.bottom + 38, shapes.join(''));
}

/** One or two histograms over the same bins, each as a share of its own rows. */
export function drawHistogram(
  title: string,
  xName: string,
  edges: readonly number[],
  series: Readonly<Record<string, readonly number[]>>,
): string {
  const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  const shares = Object.entries(series).map(([name, counts]) => {
    const total = sumOf(counts) || 1;
    return [name, counts.map((count) => count / total)] as const;
  });
  const most = Math.max(...shares.flatMap(([, values]) => values)) || 1;
  const axes = axesOf([edges[0] ?? 0, edges.at(-1) ?? 1], [0, most], { top: 24, bottom: 180 });
  let at = axes.left;
  const shapes = shares.flatMap(([name, values], index) => {
    const kind = ['soft', 'softer'][index];
    if (kind === undefined) return [];
    const bars = values.map((share, bin) => {
      const left = axes.atX(edges[bin] ?? 0);
      const top = axes.atY(share);
      return rect(left, top, axes.atX(edges[bin + 1] ?? 0) - left - 1, axes.bottom - top, kind);
    });
    const key = [rect(at, 5, 12, 10, kind), label(at + 17, 14, name)];
    at += 34 + 7 * name.length;
    return [...bars, ...key];
  });
  const told = Object.entries(series).map(([name, counts]) => `${name}: ${whole(sumOf(counts))} rows`);
  const content = drawAxes(axes, [xName, 'share of rows']) + shapes.join('');
  return picture(title, `${told.join('; ')}.`, axes.bottom + 38, content);
}

/** What came and what was foreseen for it, over time. */
export function drawForecast(rows: ForecastFacts['newest']): string {
  const values = rows.flatMap(({ actual, predicted }) => [actual, predicted]);
  const first = rows[0]?.seconds ?? 0;
  const last = rows.at(-1)?.seconds ?? 1;
  const axes = axesOf([first, last], roundedEnds(Math.min(...values), Math.max(...values)), {
    top: 24,
    bottom: 190,
  });
  const shapes = (['actual', 'predicted'] as const).flatMap((name, at) => {
    const kind = at === 0 ? 'other' : 'main';
    const left = axes.left + 90 * at;
    const points = rows.map((row) => [axes.atX(row.seconds), axes.atY(row[name])] as const);
    return namedLine(points, kind, name, left);
  });
  const told = `${rows.length} held-out rows over ${whole(last - first)} seconds.`;
  const content = drawAxes(axes, ['seconds', 'memory available, %']) + shapes.join('');
  return picture('Forecast and what came', told, axes.bottom + 38, content);
}

/** A line, and above the picture what it is. */
function namedLine(
  points: readonly (readonly [number, number])[],
  kind: string,
  name: string,
  left: number,
): string[] {
  return [
    path(points, `${kind}-line`),
    line(left, 10, left + 16, 10, `${kind}-line`),
    label(left + 20, 14, name),
  ];
}
