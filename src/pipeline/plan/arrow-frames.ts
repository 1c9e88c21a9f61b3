// Frames of Polars and tables of Arrow, one as the other: as bytes, without a look at a row.
import * as arrow from 'apache-arrow';
import type { DataFrame } from 'nodejs-polars';
import { narrowBatch, narrowSchema } from './narrow-batch.ts';
import { loadPolars } from './polars.ts';

/** In one batch. apache-arrow reads no views, which newer Arrow holds texts in. */
export function tableOfFrame(frame: DataFrame): arrow.Table {
  const options = { compatLevel: 'oldest' } as never;
  // The declaration knows the variant only that writes into a file.
  const bytes = frame.rechunk().writeIPCStream(options) as unknown as Buffer;
  const { schema, batches } = arrow.tableFromIPC(bytes);
  const narrow = narrowSchema(schema);
  return new arrow.Table(
    narrow,
    batches.map((batch) => narrowBatch(batch, narrow)),
  );
}

export function frameOfTable(table: arrow.Table): DataFrame {
  return loadPolars().readIPC(Buffer.from(arrow.tableToIPC(table, 'file')));
}

/** A frame without rows that has the columns of a schema. */
export const frameOfSchema = (schema: arrow.Schema): DataFrame => frameOfTable(new arrow.Table(schema, []));
