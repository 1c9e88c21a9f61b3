// Options of the engine, checked.
import { sonaOptionError } from './errors.ts';

/** Options of {@link DagSonaEngine}. */
export interface SonaOptions {
  /** Length of embeddings, 16–4096. @default 256 */
  readonly embeddingDim?: number;
  /** Rank of the correction, 1–16. @default 2 */
  readonly loraRank?: number;
  /** How strongly what earlier plans rest on is held, from 0 on. @default 5000 */
  readonly ewcLambda?: number;
  /** Runs that wait to be learned from; the oldest makes room. @default 10000 */
  readonly trajectoryCapacity?: number;
  /** Patterns that are known; the one not seen for longest makes room. @default 10000 */
  readonly patternCapacity?: number;
  /** What a run can have been done with. @default the seven attention mechanisms */
  readonly mechanisms?: readonly string[];
  /** Scale of the correction: `loraAlpha / loraRank`. @default 16 */
  readonly loraAlpha?: number;
  /** How far one observation moves what all patterns share, above 0. @default 0.05 */
  readonly learningRate?: number;
  /** How far it moves what its own pattern has, above 0. @default 2 */
  readonly coreLearningRate?: number;
  /** Times each run is learned from. @default 2 */
  readonly passes?: number;
  /** Runs after which what was learned is held. @default 1000 */
  readonly consolidateEvery?: number;
  /** What remains of earlier holds at the next one, 0–1. @default 0.9 */
  readonly fisherDecay?: number;
  /** Runs from which a pattern can be mature. @default 10 */
  readonly matureAfter?: number;
  /** W₀, mechanisms × embeddingDim, row-major: what is expected before anything was learned. @default null, for zero */
  readonly baseHead?: Float64Array | null;
  /** Of the random numbers that parameters begin with. @default 1 */
  readonly seed?: number;
}

/** Options with their defaults. */
export type SonaSettings = Required<Omit<SonaOptions, 'baseHead'>> & {
  readonly baseHead: Float64Array | null;
};

/** The seven attention mechanisms, by the names of docs/dag.md. */
const attentionMechanisms = [
  'topological',
  'causal_cone',
  'critical_path',
  'min_cut_gated',
  'hierarchical_lorentz',
  'parallel_branch',
  'temporal_btsp',
];

interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

const ranges = {
  embeddingDim: { least: 16, most: 4096, isWhole: true },
  loraRank: { least: 1, most: 16, isWhole: true },
  ewcLambda: { least: 0, most: 1e12, isWhole: false },
  trajectoryCapacity: { least: 1, most: 1e7, isWhole: true },
  patternCapacity: { least: 1, most: 1e7, isWhole: true },
  loraAlpha: { least: 1e-6, most: 1e6, isWhole: false },
  learningRate: { least: 1e-9, most: 1e3, isWhole: false },
  coreLearningRate: { least: 1e-9, most: 1e3, isWhole: false },
  passes: { least: 1, most: 100, isWhole: true },
  consolidateEvery: { least: 1, most: 1e9, isWhole: true },
  fisherDecay: { least: 0, most: 1, isWhole: false },
  matureAfter: { least: 2, most: 1e9, isWhole: true },
  seed: { least: 0, most: 0xffffffff, isWhole: true },
} as const satisfies Partial<Record<keyof SonaSettings, NumberRange>>;

/** @throws RuvectorError `ERR_DAG_SONA_OPTION` */
export function completeSonaOptions(options: SonaOptions): SonaSettings {
  const settings: SonaSettings = {
    embeddingDim: options.embeddingDim ?? 256,
    loraRank: options.loraRank ?? 2,
    ewcLambda: options.ewcLambda ?? 5000,
    trajectoryCapacity: options.trajectoryCapacity ?? 10_000,
    patternCapacity: options.patternCapacity ?? 10_000,
    mechanisms: [...(options.mechanisms ?? attentionMechanisms)],
    loraAlpha: options.loraAlpha ?? 16,
    learningRate: options.learningRate ?? 0.05,
    coreLearningRate: options.coreLearningRate ?? 2,
    passes: options.passes ?? 2,
    consolidateEvery: options.consolidateEvery ?? 1000,
    fisherDecay: options.fisherDecay ?? 0.9,
    matureAfter: options.matureAfter ?? 10,
    baseHead: options.baseHead ?? null,
    seed: options.seed ?? 1,
  };
  for (const [name, range] of Object.entries(ranges))
    checkNumber(name, settings[name as keyof typeof ranges], range);
  checkMechanisms(settings.mechanisms);
  checkBaseHead(settings);
  return settings;
}

function checkNumber(name: string, value: number, { least, most, isWhole }: NumberRange): void {
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return;
  throw sonaOptionError(name, value, `a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`);
}

function checkMechanisms(mechanisms: readonly string[]): void {
  const isGood =
    mechanisms.length > 0 &&
    mechanisms.length <= 1000 &&
    mechanisms.every((name) => typeof name === 'string' && name !== '') &&
    new Set(mechanisms).size === mechanisms.length;
  if (!isGood) throw sonaOptionError('mechanisms', mechanisms, '1 to 1000 different names');
}

function checkBaseHead({ baseHead, mechanisms, embeddingDim }: SonaSettings): void {
  if (baseHead === null) return;
  const wanted = mechanisms.length * embeddingDim;
  if (baseHead.length === wanted && baseHead.every(Number.isFinite)) return;
  throw sonaOptionError(
    'baseHead',
    `${baseHead.length} numbers`,
    `${wanted} finite numbers, mechanisms × embeddingDim`,
  );
}
