// What was best for which kind of job on which hardware: plain JSON, and how a kind of job is known.
import { createHash } from 'node:crypto';
import type { JobConfiguration } from './configuration.ts';
import { tuneMemoryError } from './errors.ts';

/** What jobs of a kind have in common. */
export interface JobKind {
  /** Source, stages and sink in their order, with what they do. */
  readonly stages: readonly string[];
  /** Bytes of a row, roughly. */
  readonly bytesPerRow: number | null;
  /** Rows out over rows in. */
  readonly selectivity: number;
  readonly hardwareId: string;
}

/** A kind of job and what was best for it. */
export interface TunedJob {
  readonly signature: string;
  readonly hardwareId: string;
  readonly configuration: JobConfiguration;
  readonly speedup: number;
}

/** Jobs that are remembered, the last ones. */
const MOST_JOBS = 200;
const VERSION = 1;

/** The same for jobs alike: stages, and sizes and selectivity within a factor of about 4. */
export function signJob({ stages, bytesPerRow, selectivity, hardwareId }: JobKind): string {
  const bucket = (value: number): number => Math.round(Math.log(Math.max(value, 1e-6)) / Math.log(4));
  const sizes = [bytesPerRow === null ? null : bucket(bytesPerRow), bucket(selectivity)];
  return createHash('sha256')
    .update(JSON.stringify([stages, sizes, hardwareId]))
    .digest('hex')
    .slice(0, 32);
}

/** Adds a job in front. */
export function rememberJob(jobs: readonly TunedJob[], job: TunedJob): TunedJob[] {
  return [job, ...jobs.filter(({ signature }) => signature !== job.signature)].slice(0, MOST_JOBS);
}

/** As a file has it. */
export function encodeTuneMemory(jobs: readonly TunedJob[]): string {
  return `${JSON.stringify({ version: VERSION, jobs }, null, 2)}\n`;
}

/** @throws RuvectorError `ERR_STEER_STATE` */
export function parseTuneMemory(text: string): TunedJob[] {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw tuneMemoryError('it is no JSON', cause);
  }
  if (!isFields(root) || root['version'] !== VERSION || !Array.isArray(root['jobs'])) {
    throw tuneMemoryError(`it is not of version ${VERSION}`);
  }
  return root['jobs'].map((job: unknown, at) => {
    if (isTunedJob(job)) return job;
    throw tuneMemoryError(`jobs[${at}] is damaged`);
  });
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isTunedJob(value: unknown): value is TunedJob {
  if (!isFields(value)) return false;
  const { signature, hardwareId, configuration, speedup } = value;
  const isNamed = typeof signature === 'string' && typeof hardwareId === 'string';
  return isNamed && typeof speedup === 'number' && speedup > 0 && isConfiguration(configuration);
}

function isConfiguration(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { batchRows, workers, codec } = value;
  const isCount = (each: unknown): boolean =>
    each === null || (Number.isSafeInteger(each) && (each as number) > 0);
  return isCount(batchRows) && isCount(workers) && (codec === null || typeof codec === 'string');
}
