// A table of measured latencies from CSV: a row a query, a column an arm, the first of them the default. What is not known
// of a cell stays unknown: never run is NaN, stopped after a time is that time and a mark.
import { latencyMatrixError } from './errors.ts';
import { nameTemplates } from './template-name.ts';

/** Latencies of queries under arms, row by row. */
export interface LatencyMatrix {
  readonly queries: readonly string[];
  /** The template of each query, by number. */
  readonly templateOf: Int32Array;
  readonly templates: readonly string[];
  readonly arms: readonly string[];
  /** NaN where a query never ran with an arm. In the unit of the file. */
  readonly latency: Float64Array;
  /** 1 where the run was stopped: it would have taken at least so long. */
  readonly isStopped: Uint8Array;
  /** The first arm of the row that has the same plan: such cells have one latency, which is a measurement that was shared. */
  readonly planOf: Int32Array;
  /** Queries without a latency of the default, which nothing can be compared with. */
  readonly leftOut: readonly string[];
}

/** Options of {@link parseLatencyMatrix}. */
export interface LatencyMatrixOptions {
  /** For errors. */
  readonly name: string;
  /** Its first group is the template in the name of a query. @default what names of benchmarks look like */
  readonly templatePattern?: RegExp;
}

/** Words for a cell without a run. */
const missing = new Set(['', 'na', 'nan', 'null', 'none', '-']);
/** Words for a run that was stopped at a time nobody wrote down. */
const stopped = new Set(['inf', '+inf', 'infinity', 'timeout', 'timed out', 'to']);

/**
 * Reads a matrix. Cells: a number; nothing, `NA`, `NaN`, `null` or `-` for never run; `>300` for stopped after 300; `inf` or
 * `timeout` for stopped after the longest time of the row.
 * @throws RuvectorError `ERR_STEER_MATRIX` with the line
 */
export function parseLatencyMatrix(text: string, options: LatencyMatrixOptions): LatencyMatrix {
  const { name } = options;
  const rows = splitCsv(text.replace(/^\uFEFF/, ''), name);
  const header = rows.shift();
  if (!header) throw latencyMatrixError(name, 'it is empty');
  const arms = header.cells.slice(1).map((cell) => cell.trim());
  if (arms.length === 0) throw latencyMatrixError(name, 'its header has no column for the default');
  const repeated = arms.find((arm, at) => arms.indexOf(arm) !== at);
  if (repeated !== undefined) throw latencyMatrixError(name, `two columns are named "${repeated}"`);
  if (rows.length === 0) throw latencyMatrixError(name, 'it has no queries');
  return buildMatrix(rows, arms, options);
}

function buildMatrix(
  rows: readonly CsvRow[],
  arms: readonly string[],
  { name, templatePattern }: LatencyMatrixOptions,
): LatencyMatrix {
  const seen = new Set<string>();
  const queries: string[] = [];
  const leftOut: string[] = [];
  const kept: Cell[][] = [];
  for (const { cells, line } of rows) {
    const query = cells[0]!.trim();
    if (query === '') throw latencyMatrixError(name, `line ${line} has no name`);
    if (seen.has(query)) throw latencyMatrixError(name, `line ${line} is a second row of "${query}"`);
    seen.add(query);
    if (cells.length !== arms.length + 1) {
      throw latencyMatrixError(name, `line ${line} has ${cells.length} cells, the header ${arms.length + 1}`);
    }
    const read = cells
      .slice(1)
      .map((cell, at) => readCell(cell, name, `line ${line}, column "${arms[at]!}"`));
    const longest = Math.max(0, ...read.map(({ latency }) => (Number.isFinite(latency) ? latency : 0)));
    const row = read.map((cell) => (cell.latency === Infinity ? { ...cell, latency: longest } : cell));
    if (!(row[0]!.latency > 0)) leftOut.push(query);
    else {
      queries.push(query);
      kept.push(row);
    }
  }
  if (queries.length === 0)
    throw latencyMatrixError(name, 'no query has a latency of the default, its first column');
  return { arms, queries, leftOut, ...nameTemplates(queries, templatePattern), ...packCells(kept) };
}

interface Cell {
  readonly latency: number;
  readonly isStopped: boolean;
}

function packCells(rows: readonly Cell[][]): Pick<LatencyMatrix, 'latency' | 'isStopped' | 'planOf'> {
  const cells = rows.flat();
  const planOf = rows.flatMap((row) => {
    const first = new Map<number, number>();
    return row.map(({ latency, isStopped }, arm) => {
      // Two runs that were stopped have one time and nothing else in common.
      if (isStopped || Number.isNaN(latency)) return arm;
      if (!first.has(latency)) first.set(latency, arm);
      return first.get(latency)!;
    });
  });
  return {
    latency: Float64Array.from(cells, ({ latency }) => latency),
    isStopped: Uint8Array.from(cells, ({ isStopped }) => Number(isStopped)),
    planOf: Int32Array.from(planOf),
  };
}

function readCell(text: string, name: string, place: string): Cell {
  const word = text.trim().toLowerCase();
  if (missing.has(word)) return { latency: NaN, isStopped: false };
  if (stopped.has(word)) return { latency: Infinity, isStopped: true };
  const isStopped = word.startsWith('>');
  const latency = Number(isStopped ? word.replace(/^>=?/, '') : word);
  if (Number.isFinite(latency) && latency >= 0 && !/^>?=?\s*$/.test(word)) return { latency, isStopped };
  throw latencyMatrixError(name, `${place} is "${text.trim()}", no latency`);
}

interface CsvRow {
  readonly cells: string[];
  readonly line: number;
}

/** RFC 4180; empty lines are left out. */
function splitCsv(text: string, name: string): CsvRow[] {
  const rows: CsvRow[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  let [cells, line, at, start]: [string[], number, number, number] = [[], 1, 0, 1];
  while (at < text.length || cells.length > 0) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found)
      throw latencyMatrixError(name, `line ${line} has a quote that is not closed, or text behind one`);
    const [whole, quoted, plain, end] = found;
    cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    at += whole.length;
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ',') continue;
    if (cells.length > 1 || cells[0] !== '') rows.push({ cells, line: start });
    [cells, start] = [[], line];
  }
  return rows;
}
