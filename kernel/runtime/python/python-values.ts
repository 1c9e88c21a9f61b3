// Values between TypeScript and Python: typed arrays and tables as bytes, scalars, plain arrays
// and objects as JSON. The other side is python/src/ruvector/_python_cell/values.py.
import { rmSync, statSync } from 'node:fs';
import { types } from 'node:util';
import type * as Arrow from 'apache-arrow';
import type { RecordBatch, Table } from 'apache-arrow';
import { ForeignError } from '../foreign-error.ts';
import { findSharedPlace } from './shared-array.ts';
import type { SharedPlace } from './shared-array.ts';
import type { Stored, ValueTransfer } from './value-transfer.ts';
import { Array, ArrayBuffer, BigInt, BigInt64Array, BigUint64Array, Buffer, Date, Float16Array, Float32Array, Float64Array, Int16Array, Int32Array, Int8Array, Number, Object, Set, SharedArrayBuffer, String, Symbol, Uint16Array, Uint32Array, Uint8Array, Uint8ClampedArray } from '../primordials.ts';

/** What the control channel says about a value. */
export type Description =
  | { readonly kind: 'json'; readonly value: unknown }
  | ({ readonly kind: 'bytes' } & Stored)
  | ({
      readonly kind: 'array';
      /** As numpy writes it: `<f4`, `|u1`. */
      readonly dtype: string;
      readonly shape: readonly number[];
    } & (Stored | SharedPlace))
  | ({ readonly kind: 'arrow' | 'batch' | 'polars'; readonly rows: number } & Stored);

/** A value that has no counterpart on the other side. */
export class CrossingError extends ForeignError {
  override readonly name = 'CrossingError';
}

/** Loads a package as the notebook's own cells do, so that values are instances of the classes they use. */
export type LoadPackage = (name: string) => Promise<unknown>;

const arrayTypes = {
  '<f2': Float16Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
  '|i1': Int8Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '|u1': Uint8Array,
  '<u2': Uint16Array,
  '<u4': Uint32Array,
  '<u8': BigUint64Array,
  '|b1': Uint8Array,
} as const;

type ArrayType = new (buffer: ArrayBuffer) => NodeJS.TypedArray;

const TAG = '$rv';

/**
 * Writes a value for Python.
 * @throws CrossingError
 */
export async function storeValue(
  name: string,
  value: unknown,
  transfer: ValueTransfer,
  load: LoadPackage,
): Promise<Description> {
  if (types.isTypedArray(value)) return storeArray(value, transfer);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return { kind: 'bytes', ...(await transfer.store([new Uint8Array(value)])) };
  }
  if (isPolars(value)) return storePolars(value, transfer);
  if (isArrow(value)) return storeArrow(value, transfer, load);
  return { kind: 'json', value: tag(name, value, new Set()) };
}

/** Builds the value of a description. */
export async function takeValue(
  description: Description,
  transfer: ValueTransfer,
  load: LoadPackage,
): Promise<unknown> {
  if (description.kind === 'json') return untag(description.value);
  // Shared arrays go one way: the other side's changes are there already.
  const buffer = await transfer.take(description as Stored);
  if (description.kind === 'bytes') return Buffer.from(buffer);
  if (description.kind === 'array') return decodeArray(buffer, description);
  const polars = description.kind === 'polars' ? await loadPolars(load) : null;
  if (polars) return polars.readIPCStream(Buffer.from(buffer));
  const { tableFromIPC } = (await load('apache-arrow')) as typeof Arrow;
  const table = tableFromIPC(new Uint8Array(buffer));
  return description.kind === 'batch' && table.batches.length === 1 ? table.batches[0] : table;
}

async function storeArray(array: NodeJS.TypedArray, transfer: ValueTransfer): Promise<Description> {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (Buffer.isBuffer(array)) return { kind: 'bytes', ...(await transfer.store([bytes])) };
  const stored = findSharedPlace(array) ?? (await transfer.store([bytes]));

  const marked = array as NodeJS.TypedArray & { dtype?: unknown; shape?: unknown };
  const type = array instanceof Uint8ClampedArray ? Uint8Array : array.constructor;
  const own = Object.entries(arrayTypes).find(([, one]) => one === type)?.[0] ?? '|u1';
  const dtype = typeof marked.dtype === 'string' ? marked.dtype : own;
  const shape = isShapeOf(marked.shape, array.length) ? marked.shape : [array.length];
  return { kind: 'array', dtype, shape, ...stored };
}

function isShapeOf(shape: unknown, length: number): shape is readonly number[] {
  return Array.isArray(shape) && shape.reduce((product: number, one: number) => product * one, 1) === length;
}

function decodeArray(
  buffer: ArrayBuffer,
  { dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] },
): NodeJS.TypedArray {
  // Times of numpy (`<M8[ns]`) are 64-bit integers.
  const type = (arrayTypes as Record<string, unknown>)[dtype] ?? BigInt64Array;
  const array = new (type as ArrayType)(buffer);
  // What numpy knows and a typed array does not; not enumerable, so that the array prints as ever.
  Object.defineProperties(array, { dtype: { value: dtype }, shape: { value: shape } });
  return array;
}

interface PolarsFrame {
  readonly height: number;
  writeIPCStream(options: { compression: 'uncompressed' }): Buffer;
  writeIPCStream(path: string, options: { compression: 'uncompressed' }): void;
}

/** Polars writes a file in a third of the time in which it hands out the same bytes. */
async function storePolars(frame: PolarsFrame, transfer: ValueTransfer): Promise<Description> {
  const described = { kind: 'polars', rows: frame.height } as const;
  const path = transfer.newFilePath();
  if (path !== null) {
    try {
      frame.writeIPCStream(path, { compression: 'uncompressed' });
      return { ...described, path, bytes: statSync(path).size };
    } catch {
      // No room there: its bytes go where there is some.
      rmSync(path, { force: true });
    }
  }
  const bytes = frame.writeIPCStream({ compression: 'uncompressed' });
  return { ...described, ...(await transfer.store([bytes])) };
}

interface Polars {
  readIPCStream(bytes: Buffer): unknown;
}

function isPolars(value: unknown): value is PolarsFrame {
  const frame = value as { [Symbol.toStringTag]?: unknown; writeIPCStream?: unknown } | null | undefined;
  return frame?.[Symbol.toStringTag] === 'DataFrame' && typeof frame.writeIPCStream === 'function';
}

async function loadPolars(load: LoadPackage): Promise<Polars | null> {
  try {
    const module = (await load('nodejs-polars')) as { default?: Polars } & Polars;
    return module.default ?? module;
  } catch {
    return null;
  }
}

/** By shape: a notebook may have a copy of apache-arrow of its own. */
function isArrow(value: unknown): value is Table | RecordBatch {
  const table = value as { schema?: { fields?: unknown }; numRows?: unknown } | null | undefined;
  return Array.isArray(table?.schema?.fields) && typeof table.numRows === 'number';
}

async function storeArrow(
  value: Table | RecordBatch,
  transfer: ValueTransfer,
  load: LoadPackage,
): Promise<Description> {
  const { RecordBatchStreamWriter } = (await load('apache-arrow')) as typeof Arrow;
  const writer = new RecordBatchStreamWriter();
  const isTable = 'batches' in value;
  for (const batch of isTable ? value.batches : [value]) writer.write(batch);
  if (isTable && value.batches.length === 0) writer.reset(undefined, value.schema);
  writer.finish();
  const parts = await Array.fromAsync<Uint8Array>(writer);
  return { kind: isTable ? 'arrow' : 'batch', rows: value.numRows, ...(await transfer.store(parts)) };
}

/** JSON of a value; what JSON lacks becomes `{ $rv: [type, content] }`. */
function tag(name: string, value: unknown, above: Set<object>): unknown {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'boolean':
    case 'string':
      return value;
    case 'bigint':
      return { [TAG]: ['bigint', String(value)] };
    case 'number':
      // Python takes a whole number of JSON for an int, whatever its size.
      return (Number.isSafeInteger(value) || !Number.isInteger(value)) &&
        Number.isFinite(value) &&
        !Object.is(value, -0)
        ? value
        : { [TAG]: ['number', Object.is(value, -0) ? '-0.0' : String(value).replace('Infinity', 'inf')] };
    case 'object':
      return value === null ? null : tagObject(name, value, above);
    default:
      throw counterpartError(name, typeof value);
  }
}

function tagObject(name: string, value: object, above: Set<object>): unknown {
  if (value instanceof Date) return { [TAG]: ['date', value.getTime()] };
  if (above.has(value)) throw counterpartError(name, 'object that contains itself');
  above.add(value);
  try {
    if (Array.isArray(value)) return value.map((one) => tag(name, one, above));
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (!isPlain) throw counterpartError(name, value.constructor.name);
    const entries = Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, tag(name, one, above)]),
    );
    return TAG in entries ? { [TAG]: ['object', entries] } : entries;
  } finally {
    above.delete(value);
  }
}

const counterpartError = (name: string, type: string): CrossingError =>
  new CrossingError(
    'CrossingError',
    `Cannot pass "${name}" to Python: a value of type "${type}" has no counterpart there; ` +
      'convert it to numbers, text, arrays, plain objects, a typed array or a table',
  );

function untag(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untag);
  if (typeof value !== 'object' || value === null) return value;
  const tagged = (value as Record<string, unknown>)[TAG];
  if (tagged === undefined) return untagEntries(value);
  const [type, content] = tagged as [string, never];
  switch (type) {
    case 'bigint':
      return BigInt(content);
    case 'number':
      return Number((content as string).replace('inf', 'Infinity'));
    case 'date':
      return new Date(content);
    default:
      return untagEntries(content);
  }
}

const untagEntries = (value: object): object =>
  Object.fromEntries(Object.entries(value).map(([key, one]) => [key, untag(one)]));
