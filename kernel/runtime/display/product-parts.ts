// Parts of the product's pictures: facts, tables and bars as inline SVG. Their text has the
// colour of the text around it and their shapes the theme's own blue, so that they read in light and in dark.
import { cellText, escapeHtml, formatCount } from './html-text.ts';
import { Math, Object } from '../primordials.ts';

/** Blue of JupyterLab's theme; elsewhere one that reads on white and on black. */
const BLUE = 'var(--jp-brand-color1,#4c8dd6)';
const QUIET = 'opacity:.7;font-weight:normal';
const LEFT_ALIGNED = 'text-align:left;vertical-align:top';
const SHOWN_ROWS = 40;
/** Width of a letter of the pictures' 12-pixel font, a little more than it needs. */
const LETTER = 7.4;

/** Name and value. */
export type Fact = readonly [name: string, value: unknown];

/** A result of the product. */
export interface Picture {
  readonly title: string;
  /** What matters most; also the text where no picture can be shown. */
  readonly facts: readonly Fact[];
  /** HTML below the facts. */
  readonly parts?: readonly string[];
  /** HTML of all of it, where somebody else drew it. */
  readonly html?: string;
}

/** Names and values in two columns. */
export function renderFacts(facts: readonly Fact[]): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th style="${LEFT_ALIGNED};${QUIET}">${escapeHtml(name)}</th><td style="${LEFT_ALIGNED}">${escapeHtml(cellText(value))}</td></tr>`,
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
  const heads = fields.map((field) => `<th style="${LEFT_ALIGNED}">${escapeHtml(field)}</th>`).join('');
  const rows = records.slice(0, SHOWN_ROWS).map((held) => {
    const cells = fields.map(
      (field) => `<td style="${LEFT_ALIGNED}">${escapeHtml(cellText(held[field] ?? '-'))}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const left = records.length > SHOWN_ROWS ? `<p>… ${records.length - SHOWN_ROWS} more</p>` : '';
  return `${renderHead(title)}<table><thead><tr>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>${left}`;
}

/** A part that the reader opens. */
export function renderFolded(title: string, content: string): string {
  return content === '' ? '' : `<details><summary>${escapeHtml(title)}</summary>${content}</details>`;
}

const renderHead = (title: string): string => `<p style="margin:.8em 0 .2em"><b>${escapeHtml(title)}</b></p>`;

/** A picture below its title. */
const renderTitled = (title: string, picture: string): string => `${renderHead(title)}${picture}`;

const BAR_WIDTH = 260;

/** Non-negative numbers as bars; nothing for none. `write` makes the text of a number. */
export function renderBars(
  title: string,
  values: Readonly<Record<string, unknown>>,
  write: (value: number) => string = formatCount,
): string {
  const bars = Object.entries(values).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0,
  );
  if (bars.length === 0) return '';
  const most = Math.max(...bars.map(([, value]) => value)) || 1;
  const left = widthOf(bars.map(([name]) => name));
  const lines = bars.map(([name, value], at) => {
    const width = Math.round((value / most) * BAR_WIDTH);
    return (
      `<text x="${left}" y="${at * 20 + 14}" text-anchor="end">${escapeHtml(name)}</text>` +
      `<rect x="${left + 8}" y="${at * 20 + 3}" width="${width}" height="14" rx="2" style="fill:${BLUE}"/>` +
      `<text x="${left + width + 14}" y="${at * 20 + 14}">${escapeHtml(write(value))}</text>`
    );
  });
  return renderTitled(title, renderSvg(left + BAR_WIDTH + 90, bars.length * 20 + 4, lines.join('')));
}

const widthOf = (names: readonly string[]): number =>
  Math.ceil(Math.max(...names.map((name) => name.length)) * LETTER) + 6;

/** A picture in the colour and the font of the text around it. */
function renderSvg(width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" style="max-width:100%;height:auto" fill="currentColor" font-family="system-ui,sans-serif" font-size="12">${content}</svg>`;
}
