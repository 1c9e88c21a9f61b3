// Batches of Polars as everybody else has them. Polars gives texts, bytes and lists 64-bit offsets (LargeUtf8, ...); the
// rest of the product, and much of what reads Arrow, has 32-bit ones. Offsets are narrowed, values stay where they are.
// https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-layout
import * as arrow from 'apache-arrow';

/** The schema with the narrow types. */
export function narrowSchema(schema: arrow.Schema): arrow.Schema {
  return new arrow.Schema(schema.fields.map(narrowField), schema.metadata);
}

/** The batch with the narrow types; its values are not copied. @param schema of {@link narrowSchema} */
export function narrowBatch(batch: arrow.RecordBatch, schema: arrow.Schema): arrow.RecordBatch {
  const children = batch.data.children.map((child, i) => narrowData(child, schema.fields[i]!.type as arrow.DataType));
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length: batch.numRows, nullCount: 0, children }),
  );
}

const narrowField = (field: arrow.Field): arrow.Field => {
  const type = narrowType(field.type as arrow.DataType);
  return type === field.type ? field : field.clone({ type });
};

function narrowType(type: arrow.DataType): arrow.DataType {
  if (arrow.DataType.isLargeUtf8(type)) return new arrow.Utf8();
  if (arrow.DataType.isLargeBinary(type)) return new arrow.Binary();
  if (arrow.DataType.isLargeList(type)) return new arrow.List(narrowField(type.children[0]!));
  if (arrow.DataType.isDictionary(type)) {
    const { dictionary, indices, id, isOrdered } = type;
    return new arrow.Dictionary(narrowType(dictionary) as never, indices, id, isOrdered);
  }
  if (arrow.DataType.isStruct(type)) return new arrow.Struct(type.children.map(narrowField));
  if (arrow.DataType.isFixedSizeList(type)) {
    return new arrow.FixedSizeList(type.listSize, narrowField(type.children[0]!));
  }
  return type;
}

function narrowData(data: arrow.Data, type: arrow.DataType): arrow.Data {
  const { offset, length, nullCount, buffers, children, dictionary } = data;
  const narrowed = children.map((child, i) =>
    narrowData(child, (type.children as arrow.Field[])[i]!.type as arrow.DataType),
  );
  const offsets: unknown = buffers[0];
  const isWide = offsets instanceof BigInt64Array;
  const held = isWide ? [narrowOffsets(offsets), buffers[1], buffers[2], buffers[3]] : buffers;
  const words = dictionary && narrowVector(dictionary, (type as arrow.Dictionary).dictionary);
  return new arrow.Data(type, offset, length, nullCount, held as never, narrowed, words);
}

const narrowVector = (vector: arrow.Vector, type: arrow.DataType): arrow.Vector =>
  new arrow.Vector(vector.data.map((data) => narrowData(data, type)));

/** The lower halves: little-endian, and no batch of a plan holds 2 GiB in a column. */
function narrowOffsets(wide: BigInt64Array): Int32Array {
  const last = wide.at(-1) ?? 0n;
  if (last > 0x7fff_ffffn) throw new RangeError(`a column of one batch holds ${last} bytes or values`);
  const halves = new Int32Array(wide.buffer, wide.byteOffset, wide.length * 2);
  const narrow = new Int32Array(wide.length);
  for (let i = 0; i < narrow.length; i++) narrow[i] = halves[2 * i]!;
  return narrow;
}
