// Tables of a report: every one with headers that a screen reader can follow. No inline styles, which a strict
// content security policy refuses.
import { escapeText, figure, whole } from './text.ts';

/**
 * A table whose first column names the row; the other columns hold figures.
 * @param rows HTML of the cells
 * @param own row to emphasise
 */
export function rowsTable(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  own?: number,
): string {
  const head = heads.map(
    (text, at) => `<th scope="col"${at > 0 ? ' class="n"' : ''}>${escapeText(text)}</th>`,
  );
  const body = rows.map(([first, ...others], at) => {
    const cells = others.map((cell) => `<td class="n">${cell}</td>`).join('');
    return `<tr${at === own ? ' class="own"' : ''}><th scope="row">${first}</th>${cells}</tr>`;
  });
  return (
    `<div class="rv-scroll" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table>` +
    `<caption>${escapeText(caption)}</caption><thead><tr>${head.join('')}</tr></thead>` +
    `<tbody>${body.join('')}</tbody></table></div>`
  );
}

/** Names and values in two columns, without those that are unknown; nothing for none. */
export function factsTable(caption: string, facts: Readonly<Record<string, unknown>>): string {
  const known = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  if (known.length === 0) return '';
  const body = known.map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeText(name)}</th><td>${escapeText(writeFact(value))}</td></tr>`,
  );
  return `<table class="rv-facts"><caption>${escapeText(caption)}</caption><tbody>${body.join('')}</tbody></table>`;
}

function writeFact(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value))
    return Math.abs(value) >= 0.001 ? figure(value) : value.toPrecision(3);
  if (Array.isArray(value)) return value.map(writeFact).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** A part that the reader opens; nothing for no content. */
export const folded = (title: string, content: string): string =>
  content && `<details><summary>${escapeText(title)}</summary>${content}</details>`;

/** Confusion matrix. Columns are numbered like the rows, so that long names fit a phone. */
export function matrixTable(matrix: readonly (readonly number[])[], labels: readonly string[]): string {
  const heads = labels.map(
    (name, at) => `<th scope="col"><abbr title="${escapeText(name)}">${at + 1}</abbr></th>`,
  );
  const rows = matrix.map(
    (counts, at) =>
      `<tr><th scope="row">${at + 1} ${escapeText(labels[at] ?? '')}</th>${matrixCells(at, counts)}</tr>`,
  );
  const caption = 'Rows: what came. Columns: what the model said, by the numbers of the rows.';
  return (
    `<div class="rv-scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="rv-matrix">` +
    `<caption>${caption}</caption><thead><tr><th scope="col">came</th>${heads.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>`
  );
}

/** The darker, the larger its share of the row: ten classes of the style. */
function matrixCells(row: number, counts: readonly number[]): string {
  const total = counts.reduce((sum, count) => sum + count, 0) || 1;
  return counts
    .map((count, at) => {
      const text = at === row ? `<b>${whole(count)}</b>` : whole(count);
      return `<td class="rv-s${Math.round((10 * count) / total)}">${text}</td>`;
    })
    .join('');
}
