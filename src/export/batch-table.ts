// Record batches as a table that plans write: gathered into frames that are small enough to be held.
import * as arrow from 'apache-arrow';
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { ExportedTable, TablePart } from './file-contract.ts';

/** Rows of a frame: all of them are in memory, twice. */
const FRAME_ROWS = 2 ** 17;

/** What the table is made of. */
export interface BatchTableParts {
  readonly name: string;
  readonly schema: arrow.Schema;
  readonly rowEstimate?: number | undefined;
  /** Batches are read once and not kept. */
  readonly open: (signal: AbortSignal) => AsyncIterable<arrow.RecordBatch>;
}

/** Builds the table. */
export function buildBatchTable(parts: BatchTableParts): ExportedTable {
  const { name, schema, rowEstimate } = parts;
  return { name, schema, rowEstimate, parts: (partRows, signal) => readParts(parts, partRows, signal) };
}

async function* readParts(
  { schema, open }: BatchTableParts,
  partRows: number,
  signal: AbortSignal,
): AsyncGenerator<TablePart> {
  const wantedRows = Math.min(partRows, FRAME_ROWS);
  let gathered: arrow.RecordBatch[] = [];
  let rows = 0;
  for await (const batch of open(signal)) {
    for (let at = 0; at < batch.numRows;) {
      const taken = Math.min(batch.numRows - at, wantedRows - rows);
      gathered.push(taken === batch.numRows ? batch : batch.slice(at, at + taken));
      rows += taken;
      at += taken;
      if (rows < wantedRows) continue;
      yield { rows, frame: await buildFrame(schema, gathered) };
      gathered = [];
      rows = 0;
    }
  }
  if (rows > 0) yield { rows, frame: await buildFrame(schema, gathered) };
}

/** Rows in memory as a frame. */
export async function buildFrame(
  schema: arrow.Schema,
  batches: readonly arrow.RecordBatch[],
): Promise<LazyDataFrame> {
  const polars = loadPolars();
  const table = new arrow.Table(schema, [...batches]);
  return polars.readIPC(Buffer.from(arrow.tableToIPC(table, 'file'))).lazy();
}
