// An Arrow file of a model package, column by column; each flaw is a rejection that names the file.
import * as arrow from 'apache-arrow';
import type { goldenRowsError } from './errors.ts';

/** One file, decoded. */
export interface PackageTable {
  readonly table: arrow.Table;
  /** The rejection for a flaw of the file. */
  readonly invalid: (what: string) => Error;
  /** A column without nulls. @throws ModelRejectedError when it is missing or another type */
  readonly column: (name: string, typeId: arrow.Type) => arrow.Vector;
  /** Float columns side by side, row-major. @throws as `column` */
  readonly matrix: (names: readonly string[]) => Float32Array;
}

/**
 * Decodes an Arrow IPC stream.
 * @param refuse builds every rejection
 * @throws ModelRejectedError when the bytes are no Arrow stream
 */
export function openPackageTable(
  bytes: Uint8Array,
  file: string,
  refuse: typeof goldenRowsError,
): PackageTable {
  const table = decode(bytes, file, refuse);
  const invalid = (what: string): Error =>
    refuse(`${file} is not usable: ${what}; write it again`);
  const column = (name: string, typeId: arrow.Type): arrow.Vector => {
    const found = table.getChild(name);
    if (!found) throw invalid(`the column "${name}" is missing`);
    const type = found.type as arrow.DataType;
    if (type.typeId !== typeId) throw invalid(`the column "${name}" has Arrow type ${type.typeId}`);
    if (found.nullCount > 0) throw invalid(`the column "${name}" has nulls`);
    return found;
  };
  const matrix = (names: readonly string[]): Float32Array => {
    const width = names.length;
    const values = new Float32Array(table.numRows * width);
    names.forEach((name, at) => {
      const found = column(name, arrow.Type.Float);
      for (let row = 0; row < table.numRows; row++) values[row * width + at] = Number(found.get(row));
    });
    return values;
  };
  return { table, invalid, column, matrix };
}

function decode(
  bytes: Uint8Array,
  file: string,
  refuse: typeof goldenRowsError,
): arrow.Table {
  try {
    return arrow.tableFromIPC(bytes);
  } catch (cause) {
    throw refuse(`${file} is not an Arrow stream; deploy it again`, {}, cause);
  }
}
