// A picture of a run for a terminal: one line for the whole, one for each stage. Pure: who shows it draws over the
// lines before it.
import type { PipelineProgress, StageStats } from '../contract.ts';
import { rowsPerSecondOf, timeSharesOf } from './stage-rates.ts';

const BAR_CELLS = 20;

/** The lines of a picture; as many for each progress of one run. */
export function renderStages(progress: PipelineProgress): string[] {
  const rows = progress.stages.map(cellsOf);
  const table = [headings, ...rows];
  const widths = headings.map((_, i) => Math.max(...table.map((cells) => cells[i]!.length)));
  return [
    describeRun(progress),
    ...table.map((cells) =>
      // Names and the bar at the end read from the left, figures line up on the right.
      cells
        .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    ),
  ];
}

const headings = [
  'stage',
  'rows',
  'rows/s',
  'p50 ms',
  'p99 ms',
  'queue',
  'memory',
  'workers',
  'busy · waits',
];
const isText = (column: number): boolean => column === 0 || column === headings.length - 1;

function describeRun(progress: PipelineProgress): string {
  const { rowsIn, totalRows, rowsPerSecond, etaSeconds, finishing, budget } = progress;
  const total = totalRows === null ? '' : ` of ${totalRows.toLocaleString('en-US')}`;
  const left = etaSeconds === null ? '' : `, ${formatSeconds(etaSeconds)} to go`;
  const eta = finishing === null ? left : `, ${finishing}`;
  const memory = `${formatBytes(budget.usedBytes)} of ${formatBytes(budget.limitBytes)}`;
  return `${rowsIn.toLocaleString('en-US')}${total} rows, ${formatCount(rowsPerSecond)} rows/s${eta}, memory ${memory}`;
}

function cellsOf(stage: StageStats): string[] {
  const lost = stage.skippedRows + stage.deadRows;
  return [
    stage.name,
    `${stage.rows.toLocaleString('en-US')}${lost > 0 ? ` (-${lost.toLocaleString('en-US')})` : ''}`,
    formatCount(rowsPerSecondOf(stage)),
    stage.p50Ms.toFixed(1),
    stage.p99Ms.toFixed(1),
    `${stage.queuedBatches} / ${formatBytes(stage.queuedBytes)}`,
    formatBytes(stage.memoryBytes),
    String(stage.workers),
    drawTime(stage),
  ];
}

/** `#` busy, `.` waiting for rows, `!` waiting for room. */
function drawTime(stage: StageStats): string {
  const { busy, starved, blocked } = timeSharesOf(stage);
  const busyCells = Math.round(busy * BAR_CELLS);
  const blockedCells = Math.min(BAR_CELLS - busyCells, Math.round(blocked * BAR_CELLS));
  const starvedCells = busy + starved + blocked > 0 ? BAR_CELLS - busyCells - blockedCells : 0;
  return '#'.repeat(busyCells) + '.'.repeat(starvedCells) + '!'.repeat(blockedCells);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function formatBytes(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * unit);
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit]}`;
}

function formatCount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return count >= 1e4 ? `${(count / 1e3).toFixed(0)} k` : count.toFixed(0);
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
