// Record batches of the bridge → a Polars DataFrame with the columns of the export document.
import * as arrow from 'apache-arrow';
import type { DataFrame } from 'nodejs-polars';
import { buildAdrView, recordKinds, toArrowSchema, loadPolars } from '../core/index.ts';
import type { AdrView } from '../core/index.ts';

/** The tables a history holds. */
export type TableName = 'memory' | 'process' | 'optimization';

/** @param isAnonymous whether names and identifiers were taken out on the way */
export async function createView(table: TableName, isAnonymous: boolean): Promise<AdrView> {
  if (!isAnonymous || table === 'memory') return buildAdrView(table, recordKinds[table]!);
  const { createLiveAnonymizer } = await import('../prepare/index.ts');
  using anonymizer = createLiveAnonymizer();
  return buildAdrView(table, anonymizer.kindOf(table));
}

/** Converts batches of the view's native kind; a frame without rows has the columns all the same. */
export async function buildDataFrame(
  view: AdrView,
  batches: readonly arrow.RecordBatch[],
): Promise<DataFrame> {
  const pl = loadPolars();
  const table = new arrow.Table(
    toArrowSchema(view.kind),
    batches.map((batch) => view.toBatch(batch)),
  );
  const bytes = arrow.tableToIPC(table, 'file');
  return pl.readIPC(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
