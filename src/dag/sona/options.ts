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
  /** Its default. */
  readonly usual: number;
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

const ranges = {
  embeddingDim: { usual: 256, least: 16, most: 4096, isWhole: true },
  loraRank: { usual: 2, least: 1, most: 16, isWhole: true },
  ewcLambda: { usual: 5000, least: 0, most: 1e12, isWhole: false },
  trajectoryCapacity: { usual: 10_000, least: 1, most: 1e7, isWhole: true },
  patternCapacity: { usual: 10_000, least: 1, most: 1e7, isWhole: true },
  loraAlpha: { usual: 16, least: 1e-6, most: 1e6, isWhole: false },
  learningRate: { usual: 0.05, least: 1e-9, most: 1e3, isWhole: false },
  coreLearningRate: { usual: 2, least: 1e-9, most: 1e3, isWhole: false },
  passes: { usual: 2, least: 1, most: 100, isWhole: true },
  consolidateEvery: { usual: 1000, least: 1, most: 1e9, isWhole: true },
  fisherDecay: { usual: 0.9, least: 0, most: 1, isWhole: false },
  matureAfter: { usual: 10, least: 2, most: 1e9, isWhole: true },
  seed: { usual: 1, least: 0, most: 0xffffffff, isWhole: true },
} as const satisfies Partial<Record<keyof SonaSettings, NumberRange>>;

/** @throws RuvectorError `ERR_DAG_SONA_OPTION` */
export function completeSonaOptions(options: SonaOptions): SonaSettings {
  const names = Object.keys(ranges) as (keyof typeof ranges)[];
  const numbers = Object.fromEntries(names.map((name) => [name, options[name] ?? ranges[name].usual]));
  const settings: SonaSettings = {
    ...(numbers as Record<keyof typeof ranges, number>),
    mechanisms: [...(options.mechanisms ?? attentionMechanisms)],
    baseHead: options.baseHead ?? null,
  };
  for (const name of names) checkNumber(name, settings[name], ranges[name]);
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
