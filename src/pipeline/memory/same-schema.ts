// Whether two schemas say the same. apache-arrow gives every batch a schema of its own, so looking at the object is not
// enough, and its own comparison leaves metadata out.
import * as arrow from 'apache-arrow';

/** Names, types, nullability and all metadata are the same. */
export function isSameSchema(a: arrow.Schema, b: arrow.Schema): boolean {
  return a === b || (isSameMap(a.metadata, b.metadata) && areSameFields(a.fields, b.fields));
}

function areSameFields(a: readonly arrow.Field[], b: readonly arrow.Field[]): boolean {
  return a === b || (a.length === b.length && a.every((field, i) => isSameField(field, b[i]!)));
}

function isSameField(a: arrow.Field, b: arrow.Field): boolean {
  if (a === b) return true;
  return (
    a.name === b.name &&
    a.nullable === b.nullable &&
    isSameMap(a.metadata, b.metadata) &&
    isSameType(a.type, b.type)
  );
}

function isSameType(a: arrow.DataType, b: arrow.DataType): boolean {
  if (a === b) return true;
  return arrow.util.compareTypes(a, b) && areSameFields(a.children ?? [], b.children ?? []);
}

function isSameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a === b || (a.size === b.size && [...a].every(([key, value]) => b.get(key) === value));
}
