// The table a user sees: the export document's names and units first (adr.ts), every other native column after
// them. Gives its schema, the row and the columnar conversion. Not a storage format.
import * as arrow from 'apache-arrow';
import { computeNumber, documentColumns, valueOf } from './adr.ts';
import type { DocumentColumn, DocumentTable, DerivedValue } from './adr.ts';
import { toArrowSchema } from './arrow.ts';
import { buildBatch, buildData, isSet, setBit, toNumbers } from './columns.ts';
import type { ColumnParts } from './columns.ts';
import type { AnyRow, Field, RecordKind } from './fields.ts';

/** A column of the table a user sees. */
export interface ViewColumn extends DerivedValue {
  readonly field: Field;
}

/** A record kind as users see it. */
export interface AdrView {
  readonly native: RecordKind;
  /** Columns, types and units of the view; `name` is that of the table. */
  readonly kind: RecordKind;
  readonly columns: readonly ViewColumn[];
  /** How many of the first columns are the export document's own. */
  readonly documentColumns: number;
  /** Converts one native row; null where an input is null. */
  toRow(row: AnyRow): AnyRow;
  /** Converts a native record batch column by column; untouched columns are shared, not copied. */
  toBatch(batch: arrow.RecordBatch): arrow.RecordBatch;
}

/**
 * The view of a native kind.
 * @param table which table of the document it is
 * @param native the stored kind, or one with columns taken out or replaced (an anonymised one)
 */
export function buildAdrView(table: DocumentTable, native: RecordKind): AdrView {
  const document = documentColumns[table].flatMap((column) => bindColumn(column, native));
  const isUsedUp = (name: string): boolean =>
    documentColumns[table].some((column) => !column.keepsInputs && column.inputs.includes(name));
  const rest = native.fields
    .filter((field) => !isUsedUp(field.name))
    .map((field): ViewColumn => ({ field, inputs: [field.name], formula: undefined }));
  const columns = [...document, ...rest];
  const kind: RecordKind = {
    name: table,
    version: native.version,
    fields: columns.map((column) => column.field),
  };
  return {
    native,
    kind,
    columns,
    documentColumns: document.length,
    toRow: (row) => Object.fromEntries(columns.map((column) => [column.field.name, valueOf(column, row)])),
    toBatch: (batch) => convertBatch(kind, columns, batch),
  };
}

function bindColumn(column: DocumentColumn, native: RecordKind): ViewColumn[] {
  const inputs = column.inputs.map((name) => native.fields.find((field) => field.name === name));
  if (inputs.some((field) => field === undefined)) return [];
  const { privacy, ...first } = inputs[0]!;
  const field: Field = {
    ...first,
    // A figure computed from several columns gives none of them away.
    ...(privacy !== undefined && inputs.length === 1 && { privacy }),
    name: column.name,
    type: column.formula ? column.type : first.type,
    unit: column.unit,
    nullable: column.isQuotient === true || inputs.some((input) => input!.nullable),
  };
  return [{ field, inputs: column.inputs, formula: column.formula }];
}

function convertBatch(
  kind: RecordKind,
  columns: readonly ViewColumn[],
  batch: arrow.RecordBatch,
): arrow.RecordBatch {
  const schema = toArrowSchema(kind);
  const converted = columns.map((column, i) => convertColumn(column, schema.fields[i]!, batch));
  return buildBatch(schema, batch.numRows, converted);
}

function convertColumn(
  { inputs, formula }: ViewColumn,
  field: arrow.Field,
  batch: arrow.RecordBatch,
): arrow.Data {
  const columns = inputs.map((name) => batch.getChild(name)!.data[0]!);
  if (!formula) return columns[0]!;
  const length = batch.numRows;
  const numbers = columns.map((column) => numbersOf(column, length));
  const out = field.type instanceof arrow.Float32 ? new Float32Array(length) : new Float64Array(length);
  const input: number[] = numbers.map(() => 0);
  for (let i = 0; i < length; i++) {
    for (let at = 0; at < numbers.length; at++) input[at] = numbers[at]![i]!;
    out[i] = computeNumber(formula, input);
  }
  const validity = excludeInfinite(out, mergeValidity(columns, length));
  return buildData(field.type, length, { data: out, ...validity });
}

/** Shared, not copied, where they are numbers already. */
function numbersOf(column: arrow.Data, length: number): ArrayLike<number> {
  const values = column.values as BigInt64Array | Int32Array | Float32Array | Float64Array;
  return values instanceof BigInt64Array ? toNumbers(values, length) : values;
}

type Validity = Pick<ColumnParts, 'nullCount' | 'nullBitmap'>;

/** Also null is what is not finite: no reader then has to know what NaN means to another. */
function excludeInfinite(values: Float32Array | Float64Array, validity: Validity): Validity {
  if (values.every((value) => Number.isFinite(value))) return validity;
  const { length } = values;
  const nullBitmap = validity.nullBitmap ?? new Uint8Array(Math.ceil(length / 8)).fill(0xff);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(values[i]!)) nullBitmap[i >> 3]! &= ~(1 << (i & 7));
    if (!isSet(nullBitmap, i)) nullCount++;
  }
  return { nullCount, nullBitmap };
}

function mergeValidity(columns: readonly arrow.Data[], length: number): Validity {
  if (columns.every((column) => column.nullCount === 0)) return { nullCount: 0, nullBitmap: null };
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (columns.every((column) => column.getValid(i))) setBit(nullBitmap, i);
    else nullCount++;
  }
  return { nullCount, nullBitmap };
}
