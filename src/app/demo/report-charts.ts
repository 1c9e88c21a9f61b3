// The demo's charts, by uPlot (small, made for time series): what each shows, and the script that draws them in the
// page, as wide as it is and in its colours. All times are UTC, on the axes as in the tables.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What was seen over time. All arrays of a chart have the length of `timestamps` (ms since epoch). */
export interface DemoSeries {
  timestamps: number[];
  availableMib: number[];
  freeMib: number[];
  childRssMib: (number | null)[];
  /** What the workload's cgroup holds, file pages that nobody maps included; null without one. */
  usedMib: (number | null)[];
  limitMib: number | null;
  /** What the workload was doing. */
  phase: string[];
  stallSomePercent: (number | null)[];
  stallFullPercent: (number | null)[];
  refaultsPerSecond: (number | null)[];
  /** Index of the decided label, 0 to 3. */
  decision: (number | null)[];
  /** When the first trained model was there, and whether it went live; null before that. */
  firstModel: { at: number; isLive: boolean } | null;
  swapAt: number;
  actionsAt: number[];
}

interface Chart {
  title: string;
  note: string;
  unit: string;
  /** `color` is a variable of the style sheet. */
  lines: { label: string; color: string; values: (number | null)[]; isStepped?: boolean }[];
  ticks?: string[];
  /** For a phone. */
  shortTicks?: string[];
}

function buildCharts(series: DemoSeries, labels: readonly string[]): Chart[] {
  return [
    {
      title: 'The workload',
      note:
        series.limitMib === null
          ? 'What it holds. No memory cgroup may be made here, so nothing limits it.'
          : 'What its cgroup holds against its limit. The kernel alone keeps the cgroup full while requests hold their memory; what is given back is the step below the limit. RSS also holds the Node executable, which is charged elsewhere.',
      unit: 'MiB',
      lines: describeWorkloadLines(series),
    },
    {
      title: 'The host',
      note: 'Free and available memory above their lowest point: everybody on the host moves these, which is why they are a cross-check only.',
      unit: 'MiB',
      lines: [
        { label: 'free', color: 'teal', values: aboveLowest(series.freeMib) },
        { label: 'available', color: 'green', values: aboveLowest(series.availableMib) },
      ],
    },
    {
      title: 'Memory pressure',
      note: 'Share of time in which some or all tasks waited for memory (PSI).',
      unit: '% stalled',
      lines: [
        { label: 'some', color: 'violet', values: series.stallSomePercent },
        { label: 'full', color: 'red', values: series.stallFullPercent },
      ],
    },
    {
      title: 'Refaults',
      note: 'File pages read back soon after they were reclaimed: the cost of having too little.',
      unit: 'pages/s',
      lines: [{ label: 'refaults', color: 'blue', values: series.refaultsPerSecond }],
    },
    {
      title: 'Decisions',
      note: 'The label of each tick: by the rule first, then by the model that was live. Whether anything is touched depends on the goal and on who is short, not on the label alone.',
      unit: '',
      ticks: [...labels],
      shortTicks: ['none', 'optimize', 'aggressive', 'critical'],
      lines: [{ label: 'label', color: 'ink2', values: series.decision, isStepped: true }],
    },
  ];
}

function describeWorkloadLines(series: DemoSeries): Chart['lines'] {
  const rss = { label: 'RSS', color: 'orange', values: series.childRssMib };
  if (series.limitMib === null) return [rss];
  const limit = series.timestamps.map(() => series.limitMib);
  return [
    { label: 'charged to its cgroup', color: 'blue', values: series.usedMib },
    rss,
    { label: 'limit', color: 'gray', values: limit },
  ];
}

/** A large host would flatten the curves: show them above their own lowest point. */
function aboveLowest(values: number[]): number[] {
  const lowest = values.reduce((low, value) => Math.min(low, value), Infinity);
  return values.map((value) => value - lowest);
}

/** Style of uPlot; it stands before the page's own. */
export const chartStyle = (): string => readUplot('uPlot.min.css');

function readUplot(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  return readFileSync(join(folder, 'dist', name), 'utf8');
}

/** JSON that may stand inside a script element. */
const embed = (value: unknown): string => JSON.stringify(value).replaceAll('<', String.raw`\u003c`);

/** A section for each chart, and the scripts that draw them. Labels are listed in the order of their index. */
export function renderCharts(
  series: DemoSeries,
  labels: readonly string[],
): { sections: string; scripts: string } {
  const charts = buildCharts(series, labels);
  const { timestamps, swapAt, firstModel, actionsAt } = series;
  const sections = charts
    .map((chart, i) => `<h2>${chart.title}</h2><p>${chart.note}</p><div class="chart" id="chart${i}"></div>`)
    .join('\n');
  return {
    sections,
    scripts: `<script>${readUplot('uPlot.iife.min.js')}</script>
<script>const data=${embed({ timestamps, swapAt, firstModel, actionsAt })};const charts=${embed(charts)};${chartScript}</script>`,
  };
}

const chartScript = `
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const compact = new Intl.NumberFormat('en', { notation: 'compact' }).format;
const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
const marks = { hooks: { draw: [(u) => {
  const line = (at, name, text, row) => {
    const x = u.valToPos(at / 1000, 'x', true), c = u.ctx, ratio = devicePixelRatio;
    c.save(); c.strokeStyle = color(name); c.lineWidth = 1.5 * ratio; c.setLineDash(text ? [] : [3 * ratio, 3 * ratio]);
    c.globalAlpha = text ? 1 : 0.5;
    c.beginPath(); c.moveTo(x, u.bbox.top); c.lineTo(x, u.bbox.top + u.bbox.height); c.stroke();
    if (text) {
      c.font = 12 * ratio + 'px system-ui';
      const width = c.measureText(text).width + 8 * ratio;
      const isLeft = x + width > u.bbox.left + u.bbox.width;
      const from = isLeft ? x - width - 2 * ratio : x + 2 * ratio;
      c.textAlign = 'left'; c.fillStyle = color('card'); c.globalAlpha = 0.87;
      c.fillRect(from, u.bbox.top + (1 + 16 * row) * ratio, width, 15 * ratio);
      c.globalAlpha = 1; c.fillStyle = color(name); c.fillText(text, from + 4 * ratio, u.bbox.top + (12 + 16 * row) * ratio);
    }
    c.restore();
  };
  data.actionsAt.forEach((at) => line(at, 'green'));
  const first = data.firstModel;
  if (first) line(first.at, 'violet', first.isLive ? 'first model goes live' : 'first model (candidate)', 1);
  line(data.swapAt, 'red', 'model goes live', 0);
}] } };
function draw(chart, i) {
  const at = document.getElementById('chart' + i), width = at.clientWidth - 16, isNarrow = width < 480;
  const ticks = chart.ticks && (isNarrow ? chart.shortTicks : chart.ticks);
  const axis = { stroke: color('quiet'), grid: { stroke: color('grid'), width: 1 }, ticks: { stroke: color('grid'), width: 1 } };
  return new uPlot({
    width, height: chart.ticks ? 150 : 210, plugins: [marks], cursor: { sync: { key: 'demo' } },
    scales: chart.ticks ? { y: { range: [-0.3, 3.3] } } : {},
    series: [{ label: 'time (UTC)', value: (u, v) => v == null ? '–' : clock(v) }, ...chart.lines.map((line) => ({
      label: line.label, stroke: color(line.color), width: 1.5, spanGaps: false,
      paths: line.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      value: (u, v) => v == null ? '–' : chart.ticks ? chart.ticks[v] : v.toFixed(1) + ' ' + chart.unit,
    }))],
    axes: [{ ...axis, space: 80, values: (u, splits) => splits.map(clock) }, ticks
      ? { ...axis, size: isNarrow ? 82 : 190, splits: [0, 1, 2, 3], values: (u, s) => s.map((v) => ticks[v]) }
      : { ...axis, size: isNarrow ? 48 : 70, ...(isNarrow ? { values: (u, splits) => splits.map(compact) } : { label: chart.unit, labelSize: 18 }) }],
  }, [data.timestamps.map((t) => t / 1000), ...chart.lines.map((line) => line.values)], at);
}
let plots = [], drawnWidth = 0;
function drawAll() {
  drawnWidth = document.body.clientWidth;
  plots.forEach((plot) => plot.destroy());
  plots = charts.map(draw);
}
drawAll();
addEventListener('resize', () => { if (document.body.clientWidth !== drawnWidth) drawAll(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);`;
