// Rows of a kind as one Polars plan. Polars is loaded on the first call only.
import * as arrow from 'apache-arrow';
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { buildRecordBatch, loadPolars } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';

/** What every plan of a kind begins and ends with. */
interface Frames {
  /** No rows, all columns. */
  readonly empty: LazyDataFrame;
  /** One expression for all columns: nodejs-polars takes half a millisecond to make each. */
  readonly all: Expr;
  readonly names: readonly string[];
}

const framesOf = new WeakMap<RecordKind, Frames>();

/** Rows in memory as a frame with all columns of the kind. */
export async function buildRowsFrame(kind: RecordKind, rows: readonly AnyRow[]): Promise<LazyDataFrame> {
  const polars = loadPolars();
  const table = new arrow.Table(buildRecordBatch(kind, rows));
  return polars.readIPC(Buffer.from(arrow.tableToIPC(table, 'file'))).lazy();
}

/** Frames one after the other. A file of an earlier version lacks columns of the kind: they are null. */
export async function concatFrames(
  kind: RecordKind,
  frames: readonly LazyDataFrame[],
): Promise<LazyDataFrame> {
  const polars = loadPolars();
  const { empty, all, names } = await buildFrames(kind);
  // Joining frames of different columns takes a second and 200 MB for two days.
  if (frames.length > 0 && frames.every((frame) => hasColumns(frame, names))) {
    return frames.length === 1 ? frames[0]! : polars.concat([...frames]);
  }
  return polars.concat([empty, ...frames], { how: 'diagonal' }).select(all);
}

function hasColumns({ columns }: LazyDataFrame, names: readonly string[]): boolean {
  return columns.length === names.length && names.every((name, at) => columns[at] === name);
}

async function buildFrames(kind: RecordKind): Promise<Frames> {
  const known = framesOf.get(kind);
  if (known) return known;
  const polars = loadPolars();
  const names = kind.fields.map(({ name }) => name);
  const [first, ...others] = names;
  const frames = { empty: await buildRowsFrame(kind, []), all: polars.cols(first!, ...others), names };
  framesOf.set(kind, frames);
  return frames;
}
