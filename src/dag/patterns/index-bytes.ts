// An index as bytes: `RVPI`, version 1, options, keys with their vectors, centroids and effort, CRC-32. Lists and signs are made
// again from the centroids and the seed.
import { StateReader, StateWriter } from '../../core/portable/index.ts';
import { patternStateError } from './errors.ts';
import type { SearchEffort } from './list-index.ts';

const MAGIC = 'RVPI';
const VERSION = 1;

/** What an index is made of. */
export interface IndexContent {
  readonly dims: number;
  readonly recall: number;
  readonly seed: number;
  readonly entries: readonly (readonly [string, Float32Array])[];
  readonly trained: TrainedContent | null;
}

/** What training left. */
export interface TrainedContent {
  readonly centroids: Float32Array;
  readonly effort: SearchEffort;
  readonly size: number;
  readonly recall: number;
}

export function encodePatternIndex({ dims, recall, seed, entries, trained }: IndexContent): Uint8Array {
  const writer = new StateWriter();
  writer.raw(new TextEncoder().encode(MAGIC));
  writer.u8(VERSION);
  writer.u32(dims);
  writer.f64(recall);
  writer.u32(seed);
  writer.u32(entries.length);
  for (const [key, vector] of entries) {
    writer.text(key);
    writer.f32s(vector);
  }
  writer.u8(trained ? 1 : 0);
  if (trained) {
    writer.f32s(trained.centroids);
    for (const value of [trained.effort.probes, trained.effort.candidates, trained.size]) writer.u32(value);
    writer.f64(trained.recall);
  }
  return writer.finish();
}

/** @throws RuvectorError `ERR_DAG_PATTERN_STATE` */
export function decodePatternIndex(bytes: Uint8Array): IndexContent {
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 4)) !== MAGIC)
    throw patternStateError('it does not begin with RVPI');
  if (bytes[4] !== VERSION) throw patternStateError(`it is of version ${bytes[4]}, this is ${VERSION}`);
  const reader = new StateReader(bytes, patternStateError);
  for (let i = 0; i <= MAGIC.length; i++) reader.u8();
  const dims = reader.u32();
  reader.require(dims >= 1 && dims <= 4096, `vectors have ${dims} numbers`);
  const recall = reader.f64();
  reader.require(recall > 0 && recall <= 1, `its recall is ${recall}`);
  const seed = reader.u32();
  const entries = Array.from(
    { length: reader.count() },
    () => [reader.text(), decodeVectors(reader, dims, 1)] as const,
  );
  reader.require(new Set(entries.map(([key]) => key)).size === entries.length, 'two patterns have one key');
  const trained = reader.u8() === 1 ? decodeTrained(reader, dims) : null;
  reader.end();
  return { dims, recall, seed, entries, trained };
}

function decodeVectors(reader: StateReader, dims: number, count: number | null): Float32Array {
  const values = reader.f32s();
  const isWhole =
    count === null ? values.length > 0 && values.length % dims === 0 : values.length === count * dims;
  reader.require(isWhole && values.every((each) => Math.abs(each) <= 1.1e18), 'a vector cannot be');
  return values;
}

function decodeTrained(reader: StateReader, dims: number): TrainedContent {
  const centroids = decodeVectors(reader, dims, null);
  const [probes, candidates, size] = [reader.u32(), reader.u32(), reader.u32()];
  const recall = reader.f64();
  const isGood =
    probes >= 1 &&
    probes <= centroids.length / dims &&
    candidates >= 1 &&
    size >= 1 &&
    recall >= 0 &&
    recall <= 1;
  reader.require(isGood, 'what training left cannot be');
  return { centroids, effort: { probes, candidates }, size, recall };
}
