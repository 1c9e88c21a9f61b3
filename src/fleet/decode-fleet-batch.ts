// The bytes of one message → a table. They come from other machines: what they hold is checked, not believed.
import { zstdDecompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { buildBatch, buildColumn, loadPolars, recordKinds } from '../core/index.ts';
import type { Field, FieldType, HistoryKind } from '../core/index.ts';
import { createLiveAnonymizer } from '../prepare/index.ts';

/** A batch unpacks to no more than this. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_COLUMNS = 256;
const MAX_ROWS = 1_000_000;
const COLUMN = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Decodes a message that `encodeFleetBatch` made. Polars reads it first: arrow-js believes every length, and a changed byte may
 * keep it busy for ever. What Polars writes can be believed.
 * @param kind of its rows: columns that it has here must be of the same type, or the lake could not be read as one table
 * @throws Error that says what it is instead
 */
export function decodeFleetBatch(kind: string, bytes: Uint8Array): arrow.RecordBatch {
  const frame = loadPolars().readIPCStream(zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES }));
  if (frame.width > MAX_COLUMNS || frame.height > MAX_ROWS)
    throw new TypeError(`it has ${frame.height} rows of ${frame.width} columns`);
  const table = arrow.tableFromIPC(frame.writeIPC());
  const flaw = findFlaw(table) ?? findOtherType(kind, table.schema);
  if (flaw !== null) throw new TypeError(flaw);
  return toPlainText(table.batches[0]!);
}

/** Polars writes texts as views, which cannot be joined. */
function toPlainText(batch: arrow.RecordBatch): arrow.RecordBatch {
  const { schema, numRows, data } = batch;
  if (!schema.fields.some(({ type }) => arrow.DataType.isUtf8View(type))) return batch;
  const fields = schema.fields.map((field) =>
    arrow.DataType.isUtf8View(field.type)
      ? new arrow.Field(field.name, new arrow.Utf8(), field.nullable)
      : field,
  );
  const columns = fields.map((field, at) =>
    field === schema.fields[at]
      ? data.children[at]!
      : buildColumn('utf8', field.type, [...batch.getChildAt(at)!], numRows),
  );
  return buildBatch(new arrow.Schema(fields), numRows, columns);
}

function findFlaw({ schema, batches, numRows }: arrow.Table): string | null {
  if (batches.length !== 1 || numRows === 0) return `it holds ${batches.length} batches of ${numRows} rows`;
  if (!hasTimes(schema, batches[0]!)) return 'its first column is no timestamp in milliseconds of every row';
  const odd = schema.fields.find(({ name, type }) => !COLUMN.test(name) || !isPlain(type));
  return odd ? `its column "${odd.name.slice(0, 64)}" is none of a history` : null;
}

function hasTimes({ fields: [time] }: arrow.Schema, batch: arrow.RecordBatch): boolean {
  if (time?.name !== 'timestamp' || !arrow.DataType.isTimestamp(time.type)) return false;
  return time.type.unit === arrow.TimeUnit.MILLISECOND && batch.data.children[0]!.nullCount === 0;
}

/** What a column of a type can be joined with. */
const classes: Readonly<Record<FieldType, string>> = {
  timestamp: 'time',
  int64: 'integer',
  uint64: 'integer',
  int32: 'integer',
  int8: 'integer',
  float32: 'float',
  float64: 'float',
  bool: 'truth value',
  utf8: 'text',
};

function classOf(type: arrow.DataType): string {
  if (arrow.DataType.isTimestamp(type)) return 'time';
  if (arrow.DataType.isInt(type)) return 'integer';
  if (arrow.DataType.isFloat(type)) return 'float';
  return arrow.DataType.isBool(type) ? 'truth value' : 'text';
}

const knownClasses = new Map<string, ReadonlyMap<string, ReadonlySet<string>>>();

/** Classes of the columns of a kind, as they are measured and as they are when they were anonymised. */
function classesOf(kind: string): ReadonlyMap<string, ReadonlySet<string>> {
  const known = knownClasses.get(kind);
  if (known) return known;
  const stored: readonly Field[] = Object.hasOwn(recordKinds, kind) ? recordKinds[kind]!.fields : [];
  const found = new Map<string, Set<string>>();
  if (stored.length > 0) {
    using anonymizer = createLiveAnonymizer();
    for (const { name, type } of [...stored, ...anonymizer.kindOf(kind as HistoryKind).fields])
      found.set(name, (found.get(name) ?? new Set()).add(classes[type]));
  }
  knownClasses.set(kind, found);
  return found;
}

function findOtherType(kind: string, { fields }: arrow.Schema): string | null {
  const wanted = classesOf(kind);
  for (const { name, type } of fields) {
    const own = wanted.get(name);
    if (own && !own.has(classOf(type)))
      return `its column "${name}" is of type ${classOf(type)}, not ${[...own].join(' or ')}: it is of another release, or of none`;
  }
  return null;
}

function isPlain(type: arrow.DataType): boolean {
  const { Int, Float, Bool, Utf8View, Timestamp } = arrow.Type;
  return [Int, Float, Bool, Utf8View, Timestamp].includes(type.typeId);
}
