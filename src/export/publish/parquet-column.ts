// Arrow columns → what hyparquet-writer takes: values and the encoding that suits them.
import * as arrow from 'apache-arrow';
import type { ColumnSource } from 'hyparquet-writer';
import type { Encoding } from 'hyparquet';
import { createValueReader } from '../../core/index.ts';
import type { Field, FieldType } from '../../core/index.ts';

/** Share of distinct values up to which a dictionary is smaller than anything else. */
const dictionaryShare = 0.25;

/** One column of a row group, with page index. */
export function toColumnSource(
  field: Field,
  column: number,
  group: readonly arrow.RecordBatch[],
): ColumnSource {
  const data = valuesOf(group.map((batch) => batch.getChildAt(column)!));
  const encoding = chooseEncoding(field.type, data);
  // Bounds say nothing about NaN, and readers differ in whether it is greater than all numbers.
  const hasBounds = !data.some((value) => Number.isNaN(value));
  return {
    name: field.name,
    data,
    statistics: hasBounds,
    columnIndex: hasBounds,
    offsetIndex: true,
    ...(encoding && { encoding }),
  };
}

/** Unset leaves the writer its dictionary. It is the group's own values that decide, so equal groups give equal bytes. */
function chooseEncoding(type: FieldType, values: readonly unknown[]): Encoding | undefined {
  if (type === 'bool' || type === 'utf8') return undefined;
  const limit = Math.max(16, values.length * dictionaryShare);
  const distinct = new Set<unknown>();
  for (const value of values) {
    distinct.add(value);
    if (distinct.size > limit) {
      return type === 'float32' || type === 'float64' ? 'BYTE_STREAM_SPLIT' : 'DELTA_BINARY_PACKED';
    }
  }
  return undefined;
}

function valuesOf(vectors: readonly arrow.Vector[]): unknown[] {
  const values: unknown[] = [];
  for (const vector of vectors) {
    const isTime = vector.type instanceof arrow.Timestamp;
    const read = createValueReader(vector);
    for (let i = 0; i < vector.length; i++) {
      const value = read(i);
      values.push(isTime && value !== null ? BigInt(value as number) : value);
    }
  }
  return values;
}
