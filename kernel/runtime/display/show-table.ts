// Tables as notebooks show them: shape, column types, first and last rows; as HTML and text, which every front end shows.
// No Table Schema resource beside them: VS Code would take it for the best and show nothing.
import { writeColumn } from './column-text.ts';
import type { ColumnText } from './column-text.ts';
import { escapeHtml, formatCount } from './html-text.ts';
import { Array, Date, Math, Number, String } from '../primordials.ts';

/** What is shown of a table. */
export interface TableView {
  /** What it is: `DataFrame`, `Arrow table`. */
  readonly kind: string;
  readonly columns: readonly TableColumn[];
  readonly rowCount: number;
  /** Values of one row in the order of the columns. */
  readonly row: (index: number) => readonly unknown[];
}

/** One column. */
export interface TableColumn {
  readonly name: string;
  /** Its type in the words of its library; empty when it has none. */
  readonly type: string;
}

const ALL_ROWS = 20;
const HEAD_ROWS = 10;
const TAIL_ROWS = 5;
const ALL_COLUMNS = 24;
const HEAD_COLUMNS = 16;
const TAIL_COLUMNS = 8;

/** Data by mime type of a table. */
export const showTable = (view: TableView): Record<string, unknown> => ({
  'text/html': renderTableHtml(view),
  'text/plain': renderTableText(view),
});

/** Indices to show; null stands for those left out. */
function pick(count: number, all: number, head: number, tail: number): (number | null)[] {
  if (count <= all) return Array.from({ length: count }, (_, i) => i);
  const first = Array.from({ length: head }, (_, i) => i);
  return [...first, null, ...Array.from({ length: tail }, (_, i) => count - tail + i)];
}

const pickRows = (view: TableView): (number | null)[] => pick(view.rowCount, ALL_ROWS, HEAD_ROWS, TAIL_ROWS);
const pickColumns = (view: TableView): (number | null)[] =>
  pick(view.columns.length, ALL_COLUMNS, HEAD_COLUMNS, TAIL_COLUMNS);

const describe = ({ kind, rowCount, columns }: TableView): string =>
  `${kind}: ${countOf(rowCount, 'row')} × ${countOf(columns.length, 'column')}`;

const countOf = (count: number, what: string): string =>
  `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;

/** The values of the rows and columns that are shown, written column by column. */
interface Shown {
  /** Null stands for those left out. */
  readonly columns: readonly (ShownColumn | null)[];
  readonly rows: readonly (number | null)[];
}

interface ShownColumn extends ColumnText {
  readonly name: string;
  readonly type: string;
  readonly values: readonly unknown[];
}

function readShown(view: TableView): Shown {
  const rows = pickRows(view);
  const shown = rows.map((index) => (index === null ? null : view.row(index)));
  const columns = pickColumns(view).map((at): ShownColumn | null => {
    if (at === null) return null;
    const values = shown.map((row) => row?.[at]);
    return { ...view.columns[at]!, values, ...writeColumn(values) };
  });
  return { rows, columns };
}

/** No colours of its own: a theme's colours, light or dark, stay readable. */
export function renderTableHtml(view: TableView): string {
  const { columns, rows } = readShown(view);
  const heads = columns.map((column) => {
    if (column === null) return '<th>…</th>';
    const { name, type } = column;
    const small = type ? `<br><small style="opacity:.6;font-weight:normal">${escapeHtml(type)}</small>` : '';
    return `<th style="text-align:${sideOf(column)}">${escapeHtml(name)}${small}</th>`;
  });
  const lines = rows.map((index, place) => {
    if (index === null) return `<tr>${'<td>…</td>'.repeat(columns.length + 1)}</tr>`;
    const cells = columns.map((column) => renderCell(column, place));
    return `<tr><th style="opacity:.6;font-weight:normal">${index}</th>${cells.join('')}</tr>`;
  });
  return (
    `<div style="overflow-x:auto"><table class="dataframe"><thead><tr><th></th>${heads.join('')}</tr></thead>` +
    `<tbody>${lines.join('')}</tbody></table></div><p><small style="opacity:.6">${escapeHtml(describe(view))}</small></p>`
  );
}

const sideOf = ({ isNumeric }: ColumnText): string => (isNumeric ? 'right' : 'left');

function renderCell(column: ShownColumn | null, place: number): string {
  if (column === null) return '<td style="text-align:left">…</td>';
  const value = column.values[place];
  const written = column.texts[place]!;
  const isMissing = value === null || value === undefined;
  const text = isMissing ? '<span style="opacity:.45">null</span>' : escapeHtml(written);
  // Times are read as a whole.
  const wrap = value instanceof Date ? ';white-space:nowrap' : '';
  // What a rounded figure is, where the pointer rests on it.
  const isRounded = typeof value === 'number' && Number(written) !== value && !Number.isNaN(value);
  const title = isRounded ? ` title="${value}"` : '';
  return `<td style="text-align:${sideOf(column)}${wrap}"${title}>${text}</td>`;
}

/** The table in fixed-width text. */
export function renderTableText(view: TableView): string {
  const { columns, rows } = readShown(view);
  const hasTypes = columns.some((column) => column !== null && column.type !== '');
  const indices = { texts: rows.map((index) => (index === null ? '…' : String(index))), isNumeric: false };
  const all = [
    { ...indices, name: '', type: '' },
    ...columns.map(
      (column) => column ?? { name: '…', type: '', texts: rows.map(() => '…'), isNumeric: false },
    ),
  ];
  const written = all.map(({ name, type, texts, isNumeric }) => {
    const cells = texts.map((text, at) => (rows[at] === null ? '…' : text.slice(0, 32)));
    const lines = [name, ...(hasTypes ? [type] : []), ...cells];
    const width = Math.max(...lines.map((line) => line.length));
    return lines.map((line) => (isNumeric ? line.padStart(width) : line.padEnd(width)));
  });
  const text = written[0]!.map((_, at) =>
    written
      .map((column) => column[at])
      .join('  ')
      .trimEnd(),
  );
  return [describe(view), ...text].join('\n');
}
