// Tables as notebooks show them: shape, column types, first and last rows; as HTML, text and, when small,
// as a Table Schema resource (https://specs.frictionlessdata.io/table-schema/).
import { cellText, escapeHtml, formatCount } from './html-text.ts';
import { Array, Date, Math, Number, Object, String } from '../primordials.ts';

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
const RESOURCE_ROWS = 1000;
const RESOURCE_COLUMNS = 50;

/** Data by mime type of a table. */
export function showTable(view: TableView): Record<string, unknown> {
  const isSmall = view.rowCount <= RESOURCE_ROWS && view.columns.length <= RESOURCE_COLUMNS;
  return {
    'text/html': renderTableHtml(view),
    'text/plain': renderTableText(view),
    ...(isSmall ? { 'application/vnd.dataresource+json': buildResource(view) } : {}),
  };
}

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

/** No colours of its own: a theme's colours, light or dark, stay readable. */
export function renderTableHtml(view: TableView): string {
  const columns = pickColumns(view);
  const indices = pickRows(view);
  const shown = indices.map((index) => (index === null ? null : view.row(index)));
  const sides = columns.map((at) => (at !== null && isNumeric(shown, at) ? 'right' : 'left'));
  const heads = columns.map((at, place) => {
    if (at === null) return '<th>…</th>';
    const { name, type } = view.columns[at]!;
    const small = type ? `<br><small style="opacity:.6;font-weight:normal">${escapeHtml(type)}</small>` : '';
    return `<th style="text-align:${sides[place]}">${escapeHtml(name)}${small}</th>`;
  });
  const rows = shown.map((row, place) => {
    if (row === null) return `<tr>${'<td>…</td>'.repeat(columns.length + 1)}</tr>`;
    const cells = columns.map((at, column) => renderCell(at === null ? '…' : row[at], sides[column]!));
    return `<tr><th style="opacity:.6;font-weight:normal">${indices[place]}</th>${cells.join('')}</tr>`;
  });
  return (
    `<div style="overflow-x:auto"><table class="dataframe"><thead><tr><th></th>${heads.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div><p><small style="opacity:.6">${escapeHtml(describe(view))}</small></p>`
  );
}

/** Whether all values shown of a column are numbers, or missing. */
function isNumeric(rows: readonly (readonly unknown[] | null)[], column: number): boolean {
  const held = rows.map((row) => row?.[column]).filter((value) => value !== null && value !== undefined);
  return held.length > 0 && held.every((value) => typeof value === 'number' || typeof value === 'bigint');
}

function renderCell(value: unknown, side: string): string {
  const isMissing = value === null || value === undefined;
  const text = isMissing ? '<span style="opacity:.45">null</span>' : escapeHtml(cellText(value));
  // Times are read as a whole.
  const wrap = value instanceof Date ? ';white-space:nowrap' : '';
  return `<td style="text-align:${side}${wrap}">${text}</td>`;
}

/** The table in fixed-width text. */
export function renderTableText(view: TableView): string {
  const columns = pickColumns(view);
  const cells = pickRows(view).map((index) => {
    if (index === null) return ['…', ...columns.map(() => '…')];
    const row = view.row(index);
    return [String(index), ...columns.map((at) => (at === null ? '…' : cellText(row[at]).slice(0, 32)))];
  });
  const names = ['', ...columns.map((at) => (at === null ? '…' : view.columns[at]!.name))];
  const types = ['', ...columns.map((at) => (at === null ? '' : view.columns[at]!.type))];
  const lines = types.some((type) => type !== '') ? [names, types, ...cells] : [names, ...cells];
  const widths = names.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
  return [describe(view), ...text].join('\n');
}

function buildResource({ columns, rowCount, row }: TableView): object {
  const data = Array.from({ length: rowCount }, (_, index) => {
    const values = row(index);
    return Object.fromEntries(columns.map(({ name }, at) => [name, toJson(values[at])]));
  });
  const fields = columns.map(({ name, type }, at) => ({ name, type: schemaType(type, row, rowCount, at) }));
  return { data, schema: { fields } };
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return cellText(value);
  if (typeof value === 'object' && value !== null) return cellText(value);
  return value ?? null;
}

function schemaType(type: string, row: TableView['row'], rowCount: number, at: number): string {
  if (/^u?int/i.test(type)) return 'integer';
  if (/^(float|double|decimal)/i.test(type)) return 'number';
  if (/^bool/i.test(type)) return 'boolean';
  if (/^(date|time)/i.test(type)) return 'datetime';
  const value = rowCount > 0 ? row(0)[at] : null;
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'string';
}
