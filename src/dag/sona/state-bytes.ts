// The state of an engine as bytes: `SONA`, version 1, settings, shared parameters, what is held, patterns, what others said,
// runs that wait, CRC-32. Numbers are exact, so an engine that is brought back goes on to the last bit as before. Whoever made
// the bytes, what is read is checked as if by hand: no NaN, no length and no name gets past here.
import { StateReader, StateWriter, isRuvectorError } from '../../core/portable/index.ts';
import { operatorTypes } from '../graph/index.ts';
import { sonaStateError } from './errors.ts';
import type { Consolidation } from './ewc.ts';
import { countShared } from './lora.ts';
import type { LoraCores, LoraShape } from './lora.ts';
import type { SonaMemory, Trajectory } from './memory.ts';
import { checkPattern, isSignature, LOG_RATIO_LIMIT } from './network-pattern.ts';
import type { SonaPattern } from './network-pattern.ts';
import { completeSonaOptions } from './options.ts';
import type { SonaSettings } from './options.ts';
import type { KnownPattern } from './pattern-store.ts';
import { areEmbeddingParts, sumParts } from './plan-embedding.ts';
import type { EmbeddingPart } from './plan-embedding.ts';
import { TrajectoryCounter } from './trajectory-stats.ts';
import type { MechanismStats, RunningMechanism } from './trajectory-stats.ts';

const MAGIC = 'SONA';
const VERSION = 1;
/** Learning gives no numbers beyond this, and from within it none that are not finite. */
const NUMBER_LIMIT = 1e12;

/** Settings that are numbers, in the order of the bytes: only ever append, with a new version. */
const numberNames = [
  'embeddingDim',
  'loraRank',
  'ewcLambda',
  'trajectoryCapacity',
  'patternCapacity',
  'loraAlpha',
  'learningRate',
  'coreLearningRate',
  'passes',
  'consolidateEvery',
  'fisherDecay',
  'matureAfter',
  'seed',
] as const satisfies readonly (keyof SonaSettings)[];

export function encodeSonaState(settings: SonaSettings, memory: SonaMemory): Uint8Array {
  const writer = new StateWriter();
  writer.raw(new TextEncoder().encode(MAGIC));
  writer.u8(VERSION);
  encodeSettings(writer, settings);
  writer.f64s(memory.shared);
  const { anchor, fisher, recent, recentCount } = memory.consolidation;
  for (const values of [anchor, fisher, recent]) writer.f64s(values);
  writer.u32(recentCount);
  writer.f64(memory.boost);
  writer.u32(memory.patterns.length);
  for (const pattern of memory.patterns) encodePattern(writer, pattern);
  writer.u32(memory.foreign.length);
  for (const pattern of memory.foreign) encodeForeign(writer, pattern, settings);
  encodePending(writer, memory);
  return writer.finish();
}

function encodeSettings(writer: StateWriter, settings: SonaSettings): void {
  for (const name of numberNames) writer.f64(settings[name]);
  writer.u32(settings.mechanisms.length);
  for (const mechanism of settings.mechanisms) writer.text(mechanism);
  writer.f64s(settings.baseHead ?? []);
}

function encodePattern(writer: StateWriter, { signature, parts, cores, counter, boost }: KnownPattern): void {
  writer.text(signature);
  writer.f64(boost);
  writer.u32(parts.length);
  for (const { type, at, value } of parts) {
    writer.u8(operatorTypes.indexOf(type));
    writer.u32s(at);
    writer.f64s(value);
  }
  writer.u32(cores.size);
  for (const [type, core] of cores) {
    writer.u8(operatorTypes.indexOf(type));
    writer.f64s(core);
  }
  const { count, mean, squares } = counter.moments;
  for (const value of [count, mean, squares]) writer.f64(value);
  writer.u32(counter.mechanisms.size);
  for (const [number, stats] of counter.mechanisms) {
    writer.u32(number);
    for (const value of [stats.count, stats.meanImprovement, stats.meanLogRatio]) writer.f64(value);
  }
}

function encodeForeign(writer: StateWriter, pattern: SonaPattern, { mechanisms }: SonaSettings): void {
  const { signature, embedding, trajectoryStats } = pattern;
  writer.text(signature);
  writer.f32s(embedding);
  const { count, meanImprovement, variance, bestMechanism } = trajectoryStats;
  for (const value of [count, meanImprovement, variance]) writer.f64(value);
  writer.u32(bestMechanism === null ? mechanisms.length : mechanisms.indexOf(bestMechanism));
  writer.u32(pattern.mechanisms.length);
  for (const stats of pattern.mechanisms) {
    writer.u32(mechanisms.indexOf(stats.mechanism));
    for (const value of [stats.count, stats.meanImprovement, stats.meanLogRatio]) writer.f64(value);
  }
}

function encodePending(writer: StateWriter, { patterns, pending }: SonaMemory): void {
  const numbers = new Map(patterns.map(({ signature }, number) => [signature, number]));
  const kept = pending.filter(({ signature }) => numbers.has(signature));
  writer.u32(kept.length);
  for (const { signature, mechanism, logRatio } of kept) {
    writer.u32(numbers.get(signature)!);
    writer.u32(mechanism);
    writer.f64(logRatio);
  }
}

/** @throws RuvectorError `ERR_DAG_SONA_STATE` */
export function decodeSonaState(bytes: Uint8Array): { settings: SonaSettings; memory: SonaMemory } {
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 4)) !== MAGIC)
    throw sonaStateError('it does not begin with SONA');
  if (bytes[4] !== VERSION) throw sonaStateError(`it is of version ${bytes[4]}, this is ${VERSION}`);
  const reader = new StateReader(bytes, sonaStateError);
  for (let i = 0; i <= MAGIC.length; i++) reader.u8();
  const settings = decodeSettings(reader);
  const { loraRank, embeddingDim, loraAlpha, mechanisms } = settings;
  const shape: LoraShape = { rank: loraRank, embeddingDim, alpha: loraAlpha, mechanisms: mechanisms.length };
  const shared = decodeNumbers(reader, countShared(shape));
  const consolidation = decodeConsolidation(reader, shared.length);
  const boost = decodeBoost(reader);
  const patterns = decodeList(reader, settings.patternCapacity, () => decodePattern(reader, shape));
  requireDifferent(reader, patterns);
  const foreign = decodeList(reader, settings.patternCapacity, () => decodeForeign(reader, settings));
  requireDifferent(reader, foreign);
  const pending = decodeList(reader, settings.trajectoryCapacity * 2, () =>
    decodeTrajectory(reader, patterns, shape),
  );
  reader.end();
  return { settings, memory: { shared, consolidation, boost, patterns, foreign, pending } };
}

function decodeSettings(reader: StateReader): SonaSettings {
  const numbers = Object.fromEntries(numberNames.map((name) => [name, reader.f64()]));
  const mechanisms = decodeList(reader, 1000, () => reader.text());
  const baseHead = reader.f64s();
  try {
    return completeSonaOptions({ ...numbers, mechanisms, ...(baseHead.length > 0 && { baseHead }) });
  } catch (error) {
    if (!isRuvectorError(error)) throw error;
    throw sonaStateError(`its settings cannot be (${error.message})`);
  }
}

function decodeList<Item>(reader: StateReader, most: number, decode: () => Item): Item[] {
  const count = reader.count();
  reader.require(count <= most, `it has ${count} entries where ${most} are possible`);
  return Array.from({ length: count }, decode);
}

function decodeNumbers(reader: StateReader, count: number, least = -Infinity): Float64Array {
  const numbers = reader.f64s();
  const isGood =
    numbers.length === count && numbers.every((each) => Math.abs(each) <= NUMBER_LIMIT && each >= least);
  reader.require(isGood, `${count} parameters are wanted, and it has others`);
  return numbers;
}

function decodeConsolidation(reader: StateReader, parameters: number): Consolidation {
  const anchor = decodeNumbers(reader, parameters);
  const fisher = decodeNumbers(reader, parameters, 0);
  const recent = decodeNumbers(reader, parameters, 0);
  return { anchor, fisher, recent, recentCount: reader.u32() };
}

function decodeBoost(reader: StateReader): number {
  const boost = reader.f64();
  reader.require(boost > 0 && boost <= 1000, `a learning rate is multiplied by ${boost}`);
  return boost;
}

function decodePattern(reader: StateReader, shape: LoraShape): KnownPattern {
  const signature = decodeSignature(reader);
  const boost = decodeBoost(reader);
  const parts = decodeList(reader, operatorTypes.length, () => decodePart(reader));
  reader.require(areEmbeddingParts(parts, shape.embeddingDim), 'the parts of an embedding cannot be');
  const embedding = sumParts(parts, shape.embeddingDim);
  reader.require(Math.abs(Math.hypot(...embedding) - 1) < 1e-3, 'an embedding is not of length 1');
  const cores: LoraCores = new Map(
    decodeList(
      reader,
      parts.length,
      () => [decodeType(reader), decodeNumbers(reader, shape.rank ** 2)] as const,
    ),
  );
  const counter = decodeCounter(reader, shape.mechanisms);
  return { signature, embedding, parts, cores, counter, boost };
}

function decodePart(reader: StateReader): EmbeddingPart {
  return { type: decodeType(reader), at: Int32Array.from(reader.u32s()), value: reader.f64s() };
}

function decodeType(reader: StateReader): (typeof operatorTypes)[number] {
  const number = reader.u8();
  reader.require(number < operatorTypes.length, `it has operator type ${number}`);
  return operatorTypes[number]!;
}

function decodeSignature(reader: StateReader): string {
  const signature = reader.text();
  reader.require(isSignature(signature), `a signature is "${signature}"`);
  return signature;
}

function decodeCounter(reader: StateReader, mechanisms: number): TrajectoryCounter {
  const [count, mean, squares] = [reader.f64(), reader.f64(), reader.f64()];
  const stats = decodeList(reader, mechanisms, (): [number, RunningMechanism] => [
    reader.u32(),
    { count: reader.f64(), meanImprovement: reader.f64(), meanLogRatio: reader.f64() },
  ]);
  const total = stats.reduce((sum, [, each]) => sum + each.count, 0);
  const isGood =
    total === count &&
    Number.isFinite(mean) &&
    squares >= 0 &&
    squares < Infinity &&
    new Set(stats.map(([number]) => number)).size === stats.length &&
    stats.every(
      ([number, each]) =>
        number < mechanisms &&
        Number.isSafeInteger(each.count) &&
        each.count > 0 &&
        Number.isFinite(each.meanImprovement) &&
        Math.abs(each.meanLogRatio) <= LOG_RATIO_LIMIT,
    );
  reader.require(isGood, 'the statistics of a pattern cannot be');
  return new TrajectoryCounter({ count, mean, squares }, new Map(stats));
}

function decodeForeign(reader: StateReader, { mechanisms, embeddingDim }: SonaSettings): SonaPattern {
  const nameOf = (number: number): string => {
    reader.require(number < mechanisms.length, `it has mechanism ${number}`);
    return mechanisms[number]!;
  };
  const [signature, embedding] = [reader.text(), reader.f32s()];
  const [count, meanImprovement, variance] = [reader.f64(), reader.f64(), reader.f64()];
  const best = reader.u32();
  const bestMechanism = best === mechanisms.length ? null : nameOf(best);
  const stats = decodeList(reader, mechanisms.length, (): MechanismStats => ({
    mechanism: nameOf(reader.u32()),
    count: reader.f64(),
    meanImprovement: reader.f64(),
    meanLogRatio: reader.f64(),
  }));
  const trajectoryStats = { count, meanImprovement, variance, bestMechanism };
  const pattern: SonaPattern = { signature, embedding, trajectoryStats, mechanisms: stats };
  try {
    checkPattern(pattern, embeddingDim, mechanisms);
  } catch (error) {
    if (!isRuvectorError(error)) throw error;
    throw sonaStateError(`a pattern of another engine cannot be (${error.message})`);
  }
  return pattern;
}

function decodeTrajectory(
  reader: StateReader,
  patterns: readonly KnownPattern[],
  shape: LoraShape,
): Trajectory {
  const [pattern, mechanism, logRatio] = [reader.u32(), reader.u32(), reader.f64()];
  const isGood =
    pattern < patterns.length && mechanism < shape.mechanisms && Math.abs(logRatio) <= LOG_RATIO_LIMIT;
  reader.require(isGood, 'a run that waits cannot be');
  return { signature: patterns[pattern]!.signature, mechanism, logRatio };
}

function requireDifferent(reader: StateReader, patterns: readonly { readonly signature: string }[]): void {
  const signatures = new Set(patterns.map(({ signature }) => signature));
  reader.require(signatures.size === patterns.length, 'two patterns have one signature');
}
