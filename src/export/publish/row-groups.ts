// Cuts rows into row groups where their own content says so, so that rows added or removed somewhere
// change only the row groups around them and stores that keep chunks by content (Xet, restic, git) keep the
// rest. The idea of content-defined chunking, with rows instead of bytes: https://huggingface.co/blog/parquet-cdc
import * as arrow from 'apache-arrow';

/** Bounds of a row group. A row whose hash has none of the bits of `mask` set ends one. */
export interface RowGroupLimits {
  readonly minRows: number;
  readonly maxRows: number;
  /** 2ⁿ − 1; groups are about `minRows + mask` rows. */
  readonly mask: number;
}

/** About 150 KiB of compressed features: a few times the 64 KiB that chunk stores aim at. */
export const defaultRowGroupLimits: RowGroupLimits = { minRows: 2048, maxRows: 16_384, mask: 4095 };

/** Regroups batches; the rows, their order and nothing else decide where a group ends. */
export async function* cutRowGroups(
  batches: AsyncIterable<arrow.RecordBatch> | Iterable<arrow.RecordBatch>,
  limits: RowGroupLimits = defaultRowGroupLimits,
): AsyncGenerator<arrow.RecordBatch[]> {
  let pending: arrow.RecordBatch[] = [];
  let rows = 0;
  for await (const batch of batches) {
    const hashes = hashRows(batch);
    let start = 0;
    for (let i = 0; i < batch.numRows; i++) {
      rows++;
      const isCut = rows >= limits.minRows && (hashes[i]! & limits.mask) === 0;
      if (!isCut && rows < limits.maxRows) continue;
      yield [...pending, batch.slice(start, i + 1)];
      pending = [];
      rows = 0;
      start = i + 1;
    }
    if (start < batch.numRows) pending.push(batch.slice(start, batch.numRows));
  }
  if (pending.length > 0) yield pending;
}

/** A 32-bit hash of each row: FNV-1a over the words of its values, mixed as MurmurHash3 ends. */
export function hashRows(batch: arrow.RecordBatch): Uint32Array {
  const hashes = new Uint32Array(batch.numRows).fill(0x811c9dc5);
  for (let column = 0; column < batch.numCols; column++) addColumn(hashes, batch.getChildAt(column)!);
  for (let i = 0; i < hashes.length; i++) hashes[i] = mix(hashes[i]!);
  return hashes;
}

function addColumn(hashes: Uint32Array, vector: arrow.Vector): void {
  const words = vector.nullCount === 0 ? wordsOf(vector.data[0]!) : null;
  if (!words) {
    for (let i = 0; i < hashes.length; i++) hashes[i] = addText(hashes[i]!, String(vector.get(i)));
    return;
  }
  const width = words.length / hashes.length;
  for (let i = 0; i < hashes.length; i++) {
    for (let at = i * width; at < (i + 1) * width; at++) hashes[i] = addWord(hashes[i]!, words[at]!);
  }
}

/** The values of a numeric column as whole words; null for bits, bytes of text and the like. */
function wordsOf(data: arrow.Data): Int32Array | Int8Array | null {
  const { values } = data as { values: unknown };
  if (!ArrayBuffer.isView(values) || data.type instanceof arrow.Bool || data.type instanceof arrow.Utf8) {
    return null;
  }
  if (values instanceof Int8Array) return values.subarray(0, data.length);
  const bytesPerValue = (values as Float64Array).BYTES_PER_ELEMENT;
  if (bytesPerValue % 4 !== 0) return null;
  return new Int32Array(values.buffer, values.byteOffset, (data.length * bytesPerValue) / 4);
}

function addText(hash: number, text: string): number {
  let result = hash;
  for (let i = 0; i < text.length; i++) result = addWord(result, text.charCodeAt(i));
  return addWord(result, 0xffff);
}

const addWord = (hash: number, word: number): number => Math.imul(hash ^ word, 0x01000193) >>> 0;

function mix(hash: number): number {
  let result = hash ^ (hash >>> 16);
  result = Math.imul(result, 0x85ebca6b);
  result ^= result >>> 13;
  result = Math.imul(result, 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}
