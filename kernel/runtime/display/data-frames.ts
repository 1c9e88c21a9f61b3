// Tables of other libraries → table views, by their shape and without importing them: Polars (DataFrame,
// Series, LazyFrame) and Apache Arrow (Table, RecordBatch).
import { types } from 'node:util';
import { dataOf, isRecord, methodOf } from './inspect-property.ts';
import type { TableView } from './show-table.ts';
import { Array, Date, Object, String } from '../primordials.ts';

/** The view of a table; null for anything else. */
export function tableViewOf(value: object): TableView | null {
  return polarsFrame(value) ?? polarsSeries(value) ?? arrowTable(value);
}

interface PolarsFrame {
  readonly dtypes: readonly unknown[];
  /** What the proxy wraps: a column may be called as any property of the frame. */
  readonly _df: {
    readonly columns: readonly string[];
    readonly height: number;
    toRow(index: number): readonly unknown[];
  };
}

/** Polars frames are proxies whose only honest mark is their tag; another library's proxy keeps its secrets. */
function polarsFrame(value: object): TableView | null {
  if (!types.isProxy(value) || Object.prototype.toString.call(value) !== '[object DataFrame]') return null;
  const { _df: frame, dtypes } = value as PolarsFrame;
  const names = frame.columns;
  const typeNames = names.includes('dtypes') ? [] : dtypes.map(typeName);
  const columns = names.map((name, at) => ({ name, type: typeNames[at] ?? '' }));
  return { kind: 'DataFrame', columns, rowCount: frame.height, row: (index) => frame.toRow(index) };
}

interface PolarsSeries {
  readonly name: string;
  readonly dtype: unknown;
  readonly length: number;
  get(index: number): unknown;
}

function polarsSeries(value: object): TableView | null {
  const inner = types.isProxy(value) ? (value as { _s?: unknown })._s : dataOf(value, '_s');
  if (!isRecord(inner) || inner.constructor.name !== 'JsSeries') return null;
  const series = value as PolarsSeries;
  return {
    kind: 'Series',
    columns: [{ name: series.name, type: typeName(series.dtype) }],
    rowCount: series.length,
    row: (index) => [series.get(index)],
  };
}

/** `DataType(Float64)` → `Float64`. */
function typeName(type: unknown): string {
  return String(type)
    .replace(/^DataType\((.*)\)$/, '$1')
    .replace(/^DataType\./, '');
}

/** The plan of a LazyFrame, which is not run to be shown; null for anything else. */
export function lazyPlanOf(value: object): string | null {
  if (Object.prototype.toString.call(value) !== '[object LazyDataFrame]') return null;
  const plan: unknown = (value as { describePlan(): string }).describePlan();
  return `LazyFrame, not collected (await frame.collect() runs it)\n${String(plan)}`;
}

interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };
  getChildAt(index: number): { get(row: number): unknown } | null;
}

function arrowTable(value: object): TableView | null {
  const schema = dataOf(value, 'schema');
  if (!isRecord(schema) || !Array.isArray(schema['fields']) || !methodOf(value, 'getChildAt')) return null;
  const table = value as ArrowTable;
  const columns = table.schema.fields.map(({ name, type }) => ({ name, type: String(type) }));
  const children = columns.map((_, at) => table.getChildAt(at));
  const isTime = columns.map(({ type }) => /^(Timestamp|Date)/.test(type));
  const cell = (at: number, index: number): unknown => {
    const held = children[at]?.get(index);
    return isTime[at] && typeof held === 'number' ? new Date(held) : held;
  };
  return {
    kind: 'Arrow table',
    columns,
    rowCount: table.numRows,
    row: (index) => columns.map((_, at) => cell(at, index)),
  };
}
