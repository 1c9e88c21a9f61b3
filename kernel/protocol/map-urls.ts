// What compiled scripts say of their source maps: no address, but the name under which a debugger asks the user's
// thread for them. Pure.

/** The scripts of a cell: static imports, function declarations, everything else. */
export type CellPart = 'imports' | 'functions' | 'body';

/** A script of a cell. */
export interface CellScript {
  /** Which of the cells that were compiled. */
  readonly number: number;
  readonly part: CellPart;
}

/** Of a local TypeScript file, which its own address names. */
export const FILE_MAP_URL = 'ruvector-map:file';
const CELL = /^ruvector-map:cell-(\d+)-(imports|functions|body)$/;

/** The name of a cell's script. */
export const cellMapUrl = (number: number, part: CellPart): string => `ruvector-map:cell-${number}-${part}`;

/** Null when it is none of a cell. */
export function parseCellMapUrl(url: string | undefined): CellScript | null {
  const found = CELL.exec(url ?? '');
  return found ? { number: Number(found[1]), part: found[2] as CellPart } : null;
}
