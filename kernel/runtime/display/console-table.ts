// `console.table` as a table of the notebook.
import type { Display } from './display.ts';
import { tableViewOf } from './data-frames.ts';
import { showTable } from './show-table.ts';
import type { TableView } from './show-table.ts';
import { Array, Map, Object, Set, console } from '../primordials.ts';

/** Takes `console.table` over; what is no table is printed as by Node. */
export function captureConsoleTable({ display }: Display): void {
  const print = console.table.bind(console);
  console.table = (data: unknown, properties?: string[]) => {
    const view = buildView(data, properties);
    if (view) void display(showTable(view), { raw: true });
    else print(data, properties);
  };
}

/** The view of rows: an array, a map or a record of objects, of arrays or of values. */
export function buildView(data: unknown, properties?: readonly string[]): TableView | null {
  if (typeof data !== 'object' || data === null) return null;
  const table = tableViewOf(data);
  if (table) return table;
  const entries = entriesOf(data);
  const hasKeys = !Array.isArray(data) && !(data instanceof Set);
  const names = properties ?? [
    ...new Set(entries.flatMap(([, row]) => (isObject(row) ? Object.keys(row) : []))),
  ];
  const hasValues = entries.some(([, row]) => !isObject(row));
  const columns = [...(hasKeys ? ['key'] : []), ...names, ...(hasValues ? ['value'] : [])];
  return {
    kind: 'Table',
    columns: columns.map((name) => ({ name, type: '' })),
    rowCount: entries.length,
    row: (index) => {
      const [key, row] = entries[index]!;
      const cells = names.map((name) => (isObject(row) ? row[name] : undefined) ?? '');
      return [...(hasKeys ? [key] : []), ...cells, ...(hasValues ? [isObject(row) ? '' : row] : [])];
    },
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function entriesOf(data: object): (readonly [unknown, unknown])[] {
  if (data instanceof Map) return [...data.entries()] as [unknown, unknown][];
  if (data instanceof Set) return [...data].map((value, at) => [at, value]);
  if (Array.isArray(data)) return data.map((value: unknown, at) => [at, value]);
  return Object.entries(data);
}
