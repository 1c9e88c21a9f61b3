// The demo's chart page: one self-contained HTML file, charts by uPlot (small, made for time series).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildTrainingReport, reportStyle } from '../../pictures/index.ts';
import {
  baselineNames,
  describeComparison,
  describeCost,
  describeFreed,
  describeGate,
  describeHostCheck,
  describeReturned,
  describeRoom,
  describeShort,
  mib,
  signed,
} from './demo-report.ts';
import type { DemoReport } from './demo-report.ts';

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
  swapAt: number;
  actionsAt: number[];
}

interface Chart {
  title: string;
  note: string;
  unit: string;
  lines: { label: string; color: string; values: (number | null)[]; isStepped?: boolean }[];
  ticks?: string[];
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
        { label: 'free', color: '#0b7285', values: aboveLowest(series.freeMib) },
        { label: 'available', color: '#74b816', values: aboveLowest(series.availableMib) },
      ],
    },
    {
      title: 'Memory pressure',
      note: 'Share of time in which some or all tasks waited for memory (PSI).',
      unit: '% stalled',
      lines: [
        { label: 'some', color: '#ae3ec9', values: series.stallSomePercent },
        { label: 'full', color: '#c92a2a', values: series.stallFullPercent },
      ],
    },
    {
      title: 'Refaults',
      note: 'File pages read back soon after they were reclaimed: the cost of having too little.',
      unit: 'pages/s',
      lines: [{ label: 'refaults', color: '#1971c2', values: series.refaultsPerSecond }],
    },
    {
      title: 'Decisions',
      note: 'The label of each tick: by the rule first, then by the model that was live. Whether anything is touched depends on the goal and on who is short, not on the label alone.',
      unit: '',
      ticks: [...labels],
      lines: [{ label: 'label', color: '#343a40', values: series.decision, isStepped: true }],
    },
  ];
}

function describeWorkloadLines(series: DemoSeries): Chart['lines'] {
  const rss = { label: 'RSS', color: '#e8590c', values: series.childRssMib };
  if (series.limitMib === null) return [rss];
  const limit = series.timestamps.map(() => series.limitMib);
  return [
    { label: 'charged to its cgroup', color: '#1971c2', values: series.usedMib },
    rss,
    { label: 'limit', color: '#868e96', values: limit },
  ];
}

/** A large host would flatten the curves: show them above their own lowest point. */
function aboveLowest(values: number[]): number[] {
  const lowest = values.reduce((low, value) => Math.min(low, value), Infinity);
  return values.map((value) => value - lowest);
}

function readUplot(): { script: string; style: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const read = (name: string): string => readFileSync(join(folder, 'dist', name), 'utf8');
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** JSON that may stand inside a script element. */
const embed = (value: unknown): string => JSON.stringify(value).replaceAll('<', String.raw`\u003c`);

/** The model's part, drawn by what draws training reports everywhere. */
function renderModel({ model, baseline, dataset }: DemoReport, timestampMs: number): string {
  const { comparison, ...findings } = model.findings;
  const scores = baselineNames.map(([key]) => [
    key,
    { macroF1: baseline[key], interval: baseline.intervals[key] ?? null },
  ]);
  const report = buildTrainingReport(
    {
      name: model.version,
      created: new Date(timestampMs).toISOString(),
      task: 'classification',
      labels: model.labels,
      trainer: { estimator: model.estimator },
      metrics: {
        macroF1: model.macroF1,
        interval: model.interval,
        confusionMatrix: model.confusionMatrix,
        baseline: Object.fromEntries(scores) as Record<string, unknown>,
        ...(comparison && { comparison }),
        ...findings,
      },
    },
    { classCounts: dataset.classCounts },
  );
  // This page is light whatever the system says.
  const article = `<article class="rv-report">${report}</article>`;
  return `<style>${reportStyle}</style><div data-jp-theme-light="true">${article}</div>`;
}

function renderTiles(report: DemoReport): string {
  const tiles: [string, string, string][] = [
    [
      report.model.macroF1.toFixed(2),
      'macro-F1',
      `best baseline: ${report.baseline.name}, ${report.baseline.macroF1.toFixed(2)}`,
    ],
    [
      `${report.fitToFirstDecisionMs.toFixed(0)} ms`,
      'fit to first decision',
      `swap ${report.swap.ms.toFixed(0)} ms`,
    ],
    [
      `${report.decisions.p50Us.toFixed(0)} µs`,
      'a decision (p50)',
      `p99 ${report.decisions.p99Us.toFixed(0)} µs, ${report.decisions.failures} of ${report.decisions.count} failed`,
    ],
    [
      report.outcome.freedBytes === null ? 'unknown' : mib(report.outcome.freedBytes),
      'memory freed',
      `of ${mib(report.outcome.takenBytes)} taken in ${report.outcome.actions} actions`,
    ],
    [
      `${(report.outcome.targetStallUs / 1000).toFixed(1)} ms`,
      'waited by the target',
      `for ${mib(report.outcome.returnedBytes)} that came back; ${report.outcome.targetMajorFaults} major faults`,
    ],
    [`${report.stream.gbps.toFixed(1)} GB/s`, 'Arrow to Python', `${report.rows} rows collected`],
  ];
  return tiles
    .map(
      ([figure, name, note]) =>
        `<div class="tile"><b>${figure}</b>${escapeHtml(name)}<small>${escapeHtml(note)}</small></div>`,
    )
    .join('');
}

/** The story in words, the same as the text report's. */
function renderStory(report: DemoReport): string {
  const { outcome } = report;
  const rows: [string, string][] = [
    ['who was short', describeShort(outcome)],
    ['freed', describeFreed(outcome)],
    ['came back', describeReturned(outcome)],
    ['cost', describeCost(outcome)],
    ['under the limit', describeRoom(outcome)],
    ['the host says', describeHostCheck(outcome)],
    ['against rules', describeComparison(report)],
    ['the gate', describeGate(report)],
  ];
  const body = rows
    .map(([name, text]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`)
    .join('');
  return `<table class="story">${body}</table>`;
}

/** Each action with its evidence and its outcome. */
function renderActions({ outcome }: DemoReport): string {
  const known = (bytes: number | null): string => (bytes === null ? 'unknown' : signed(bytes));
  const body = outcome.rows
    .map((row) => {
      const host =
        row.hostMovedBytes === null
          ? 'not yet'
          : `${signed(row.hostMovedBytes)} ± ${known(row.hostNoiseBytes)}`;
      const cells = [
        new Date(row.timestamp).toISOString().slice(11, 19),
        mib(row.takenBytes),
        known(row.freedBytes),
        mib(row.returnedBytes),
        host,
        row.error === null ? row.reason : `${row.reason}; ${row.error}`,
      ];
      return `<tr>${cells.map((text) => `<td>${escapeHtml(text)}</td>`).join('')}</tr>`;
    })
    .join('');
  const heads = ['at (UTC)', 'taken', 'freed', 'came back', 'host moved', 'because'];
  return `<h2>Actions</h2><p>Each on its own evidence. Freed: pages that were in no memory at the end of its window.</p><table class="story"><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${body}</table>`;
}

const pageStyle = `
body{font:15px/1.5 system-ui,sans-serif;color:#212529;background:#f8f9fa;margin:0 auto;max-width:1060px;padding:24px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:28px 0 0}p{margin:2px 0 8px;color:#495057}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0}
.tile{background:#fff;border:1px solid #dee2e6;border-radius:8px;padding:12px 14px}
.tile b{display:block;font-size:24px}.tile small{display:block;color:#868e96}
.chart{background:#fff;border:1px solid #dee2e6;border-radius:8px;padding:8px}
table.story{border-collapse:collapse;background:#fff;width:100%;font-size:14px}.story th,.story td{border:1px solid #dee2e6;padding:6px 10px;text-align:left;vertical-align:top;overflow-wrap:anywhere}.story th{font-weight:400;color:#868e96;white-space:nowrap}
code{font-size:13px}`;

const pageScript = `
const marks = { hooks: { draw: [(u) => {
  const line = (at, color, text) => {
    const x = u.valToPos(at / 1000, 'x', true), c = u.ctx;
    c.save(); c.strokeStyle = color; c.lineWidth = 1.5; c.setLineDash(text ? [] : [3, 3]);
    c.beginPath(); c.moveTo(x, u.bbox.top); c.lineTo(x, u.bbox.top + u.bbox.height); c.stroke();
    if (text) {
      c.font = '12px system-ui'; c.textAlign = 'left'; c.fillStyle = '#fffd';
      c.fillRect(x + 2, u.bbox.top + 1, c.measureText(text).width + 4, 15);
      c.fillStyle = color; c.fillText(text, x + 4, u.bbox.top + 12);
    }
    c.restore();
  };
  data.actionsAt.forEach((at) => line(at, '#2f9e4488'));
  line(data.swapAt, '#c92a2a', 'model goes live');
}] } };
charts.forEach((chart, i) => {
  const at = document.getElementById('chart' + i);
  new uPlot({
    width: at.clientWidth - 4, height: chart.ticks ? 150 : 210, plugins: [marks], cursor: { sync: { key: 'demo' } },
    scales: chart.ticks ? { y: { range: [-0.3, 3.3] } } : {},
    series: [{}, ...chart.lines.map((line) => ({
      label: line.label, stroke: line.color, width: 1.5, spanGaps: false,
      paths: line.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      value: (u, v) => v == null ? '–' : chart.ticks ? chart.ticks[v] : v.toFixed(1) + ' ' + chart.unit,
    }))],
    axes: [{}, chart.ticks
      ? { size: 190, splits: [0, 1, 2, 3], values: (u, s) => s.map((v) => chart.ticks[v]) }
      : { size: 70, label: chart.unit, labelSize: 18 }],
  }, [data.timestamps.map((t) => t / 1000), ...chart.lines.map((line) => line.values)], at);
});`;

/** Renders the page. Labels are listed in the order of their index. */
export function renderDemoHtml(report: DemoReport, series: DemoSeries, labels: readonly string[]): string {
  const charts = buildCharts(series, labels);
  const uplot = readUplot();
  const sections = charts
    .map((chart, i) => `<h2>${chart.title}</h2><p>${chart.note}</p><div class="chart" id="chart${i}"></div>`)
    .join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>ruvector-memopt: the loop, live</title><style>${uplot.style}${pageStyle}</style></head><body>
<h1>From this host's telemetry to a live model</h1>
<p>${new Date(series.timestamps[0] ?? 0).toISOString()} · ${report.seconds.toFixed(0)} s at ${report.hz} Hz · ${escapeHtml(report.model.estimator)} <code>${escapeHtml(report.model.version)}</code></p>
<div class="tiles">${renderTiles(report)}</div>
${renderStory(report)}
<p>Red line: the moment of the hot swap. Green dashes: actions on the workload.</p>
${sections}
${renderActions(report)}
<h2>The model</h2>
${renderModel(report, series.timestamps.at(-1) ?? 0)}
<script>${uplot.script}</script>
<script>const data=${embed({ timestamps: series.timestamps, swapAt: series.swapAt, actionsAt: series.actionsAt })};const charts=${embed(charts)};${pageScript}</script>
</body></html>
`;
}
