// Batches as a Polars frame and back. Polars knows neither extension types nor maps and chooses its own layout of text
// and lists, so the way back names the schema it should have. Each way copies once.
import * as arrow from 'apache-arrow';
import type { DataFrame } from 'nodejs-polars';
import { loadPolars } from '../../core/index.ts';
import type { Batch } from '../contract.ts';
import { encodeTable } from '../memory/encode-table.ts';
import { assembleBatch } from './blocks.ts';
import { conformBatch } from './conform.ts';

/** A frame of all rows. Tensors and embeddings become arrays, maps lists of structs, sparse vectors the same. */
export async function toPolars(schema: arrow.Schema, batches: readonly Batch[]): Promise<DataFrame> {
  const polars = loadPolars();
  const plain = new arrow.Schema(schema.fields.map((field) => withoutMetadata(field)));
  const renamed = batches.map(({ numRows, data }) => assembleBatch(plain, numRows, [...data.children]));
  const file = encodeTable(plain, renamed, 'file');
  return polars.readIPC(Buffer.from(file.buffer, file.byteOffset, file.byteLength));
}

/**
 * The rows of a frame.
 * @param schema types, names and metadata that the batches get. @default those that Polars writes
 * @throws RuvectorError `ERR_PIPELINE_TYPE` for a column that is missing or has no such type
 */
export function fromPolars(frame: DataFrame, schema?: arrow.Schema): Batch[] {
  const { batches } = arrow.tableFromIPC(frame.writeIPC());
  return schema ? batches.map((batch) => conformBatch(batch, schema)) : batches;
}

/** Polars ends with an error where it sees an extension type that it does not know. */
const withoutMetadata = ({ name, type, nullable }: arrow.Field): arrow.Field =>
  new arrow.Field(name, type as arrow.DataType, nullable);
