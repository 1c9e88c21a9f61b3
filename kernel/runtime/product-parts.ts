// Parts of the product's pictures: facts, tables, bars and a confusion matrix as inline SVG. Their colours
// are the text's own (currentColor) and one blue, so that they read in light and in dark themes.
import { cellText, escapeHtml, formatCount } from './html-text.ts';

const BLUE = '#4c8dd6';
const SHOWN_ROWS = 40;

/** Name and value in two columns. */
export function renderFacts(facts: readonly (readonly unknown[])[]): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th style="text-align:left;font-weight:normal;opacity:.7">${escapeHtml(String(name))}</th><td style="text-align:left">${escapeHtml(cellText(value))}</td></tr>`,
  );
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}

/** Records as a table; nothing for none. */
export function renderRows(
  title: string,
  fields: readonly string[],
  records: readonly Readonly<Record<string, unknown>>[],
): string {
  if (records.length === 0) return '';
  const heads = fields.map((field) => `<th style="text-align:left">${escapeHtml(field)}</th>`).join('');
  const rows = records.slice(0, SHOWN_ROWS).map((held) => {
    const cells = fields.map(
      (field) => `<td style="text-align:left">${escapeHtml(cellText(held[field] ?? '-'))}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const left = records.length > SHOWN_ROWS ? `<p>… ${records.length - SHOWN_ROWS} more</p>` : '';
  return `<p><b>${escapeHtml(title)}</b></p><table><thead><tr>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>${left}`;
}

/** Non-negative numbers as bars; nothing for none. */
export function renderBars(values: Readonly<Record<string, unknown>>, title: string): string {
  const bars = Object.entries(values).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0,
  );
  if (bars.length === 0) return '';
  const most = Math.max(...bars.map(([, value]) => value)) || 1;
  const lines = bars.map(([name, value], at) => {
    const width = Math.round((value / most) * 260);
    return (
      `<text x="88" y="${at * 20 + 14}" text-anchor="end">${escapeHtml(name)}</text>` +
      `<rect x="96" y="${at * 20 + 3}" width="${width}" height="14" rx="2" fill="${BLUE}"/>` +
      `<text x="${width + 102}" y="${at * 20 + 14}">${formatCount(value)}</text>`
    );
  });
  return `<p><b>${escapeHtml(title)}</b></p>${svg(460, bars.length * 20 + 4, lines.join(''))}`;
}

const CELL = 52;
const LEFT = 96;
const TOP = 44;

/** Counts of expected (rows) by predicted (columns) labels; shade is the share of a row. */
export function renderMatrix(matrix: readonly (readonly number[])[], labels: readonly string[]): string {
  const cells = matrix.flatMap((row, y) => {
    const total = row.reduce((sum, value) => sum + value, 0) || 1;
    return row.map((value, x) => renderMatrixCell(x, y, value, value / total));
  });
  const heads = matrix.map((_, at) => {
    const name = escapeHtml(labels[at] ?? String(at));
    const middle = at * CELL + CELL / 2;
    return (
      `<text x="${LEFT + middle}" y="${TOP - 8}" text-anchor="middle">${name}</text>` +
      `<text x="${LEFT - 8}" y="${TOP + middle + 4}" text-anchor="end">${name}</text>`
    );
  });
  const size = matrix.length * CELL;
  const axes =
    `<text x="${LEFT + size / 2}" y="14" text-anchor="middle" opacity=".7">predicted</text>` +
    `<text x="14" y="${TOP + size / 2}" text-anchor="middle" opacity=".7" transform="rotate(-90 14 ${TOP + size / 2})">came</text>`;
  const picture = svg(LEFT + size + 8, TOP + size + 8, heads.join('') + cells.join('') + axes);
  return `<p><b>Confusion matrix</b></p>${picture}`;
}

function renderMatrixCell(x: number, y: number, value: number, share: number): string {
  const [left, top] = [LEFT + x * CELL, TOP + y * CELL];
  return (
    `<rect x="${left}" y="${top}" width="${CELL - 2}" height="${CELL - 2}" rx="3" fill="${BLUE}" fill-opacity="${(0.08 + share * 0.72).toFixed(2)}"/>` +
    `<text x="${left + CELL / 2 - 1}" y="${top + CELL / 2 + 4}" text-anchor="middle">${formatCount(value)}</text>`
  );
}

function svg(width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" fill="currentColor" font-family="sans-serif" font-size="12">${content}</svg>`;
}
