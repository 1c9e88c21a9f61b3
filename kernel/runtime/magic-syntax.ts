// Magics in the text of a cell, pure: `%%name args` on the first line takes the whole cell. Not the doing
// of them, which is magics.ts.

/** A magic that takes the rest of its cell. */
export interface CellMagic {
  readonly name: string;
  readonly args: string;
  /** The rest of the cell, behind an empty line in place of the magic: line numbers stay. */
  readonly body: string;
}

/** Reads the magic of a whole cell; null when it has none. */
export function parseCellMagic(code: string): CellMagic | null {
  const match = /^\s*?%%([A-Za-z_]\w*)[ \t]*([^\n]*)/.exec(code);
  if (!match) return null;
  const before = match[0].replace(/[^\n]/g, '');
  return { name: match[1]!, args: match[2]!.trim(), body: before + code.slice(match[0].length) };
}
