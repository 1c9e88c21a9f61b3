// The demo's page: one self-contained HTML file that says in one sentence what came of it, then shows it. Charts:
// report-charts.ts; looks: report-style.ts.
import { buildTrainingReport, reportStyle } from '../../pictures/index.ts';
import {
  baselineNames,
  describeComparison,
  describeConclusion,
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
import { chartStyle, renderCharts } from './report-charts.ts';
import type { DemoSeries } from './report-charts.ts';
import { pageStyle } from './report-style.ts';

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

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
  return `<style>${reportStyle}</style><article class="rv-report">${report}</article>`;
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
  const heads = ['at (UTC)', 'taken', 'freed', 'came back', 'host moved', 'because'];
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
      return `<tr>${cells.map((text, i) => `<td data-name="${heads[i]}">${escapeHtml(text)}</td>`).join('')}</tr>`;
    })
    .join('');
  return `<h2>Actions</h2><p>Each on its own evidence. Freed: pages that were in no memory at the end of its window.</p><table class="story"><tr class="heads">${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${body}</table>`;
}

/** Renders the page. Labels are listed in the order of their index. */
export function renderDemoHtml(report: DemoReport, series: DemoSeries, labels: readonly string[]): string {
  const { sections, scripts } = renderCharts(series, labels);
  const started = new Date(series.timestamps[0] ?? 0).toISOString().slice(0, 19).replace('T', ' ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>ruvector-memopt: the loop, live</title><style>${chartStyle()}${pageStyle}</style></head><body>
<h1>From this host's telemetry to a live model</h1>
<p>${started} UTC · ${report.seconds.toFixed(0)} s at ${report.hz} Hz · ${escapeHtml(report.model.estimator)} <code>${escapeHtml(report.model.version)}</code></p>
<p class="conclusion">${escapeHtml(describeConclusion(report))}</p>
<div class="tiles">${renderTiles(report)}</div>
${renderStory(report)}
<p>All times are UTC. Violet line: the first model. Red line: the hot swap to the model that acts. Green dashes: actions on the workload.</p>
${sections}
${renderActions(report)}
<h2>The model</h2>
${renderModel(report, series.timestamps.at(-1) ?? 0)}
${scripts}
</body></html>
`;
}
