// What hosts tell each other: which arm a template of queries runs best with (a vote), and what a pattern of plans looks
// like (a vector). Never a text of a query, a literal or a time of a run.
import { createHash } from 'node:crypto';
import { localPatternError } from './errors.ts';

/** What this host would say of a template. */
export interface LocalVote {
  readonly kind: 'vote';
  /** {@link templateKey} of the template. */
  readonly key: string;
  /** Every arm there is, the same list on each host of the fleet, 2–32 names. */
  readonly arms: readonly string[];
  /** The best of them here. */
  readonly arm: string;
  /** Since when this is known. @default the first round that saw its key */
  readonly sinceMs?: number;
}

/** What this host would say of a pattern. */
export interface LocalVector {
  readonly kind: 'vector';
  /** Its key in a PatternIndex, a signature: 1–64 bytes. */
  readonly key: string;
  readonly values: ArrayLike<number>;
  readonly sinceMs?: number;
}

export type LocalPattern = LocalVote | LocalVector;

/** A vote as it travels: one count for each arm, noise included. */
export interface SharedVote {
  readonly kind: 'vote';
  readonly key: string;
  readonly arms: readonly string[];
  readonly counts: Int32Array;
}

/** A vector as it travels: whole numbers of one step each, noise included. */
export interface SharedVector {
  readonly kind: 'vector';
  readonly key: string;
  readonly step: number;
  readonly values: Int32Array;
}

export type SharedPattern = SharedVote | SharedVector;

/** Bounds of what travels, kept by both sides. */
export const patternLimits = {
  keyBytes: 64,
  arms: 32,
  armBytes: 64,
  dims: 1024,
  patterns: 256,
} as const;

/** What a template is called on the wire: 32 hexadecimal digits of the SHA-256 of its text. */
export function templateKey(template: string): string {
  return createHash('sha256').update('ruvector-template\0').update(template).digest('hex').slice(0, 32);
}

/** What identifies a pattern among those of one host. */
export function patternId({ kind, key }: { readonly kind: string; readonly key: string }): string {
  return `${kind}:${key}`;
}

/** @throws RuvectorError `ERR_STEER_SYNC_PATTERN` */
export function assertLocalPattern(pattern: LocalPattern): void {
  const { key, sinceMs = 0 } = pattern;
  if (!fits(key, patternLimits.keyBytes))
    throw localPatternError(key, 'its key has not 1 to 64 bytes', 'name it by a hash');
  if (!Number.isFinite(sinceMs)) throw localPatternError(key, 'it has no time', 'say since when it is known');
  if (pattern.kind === 'vote') assertVote(pattern);
  else assertVector(pattern);
}

function assertVote({ key, arms, arm }: LocalVote): void {
  if (arms.length < 2 || arms.length > patternLimits.arms || new Set(arms).size < arms.length)
    throw localPatternError(key, `it has ${arms.length} arms`, 'give it 2 to 32 different ones');
  if (!arms.every((name) => fits(name, patternLimits.armBytes)))
    throw localPatternError(key, 'an arm has a name of not 1 to 64 bytes', 'shorten it');
  if (!arms.includes(arm))
    throw localPatternError(key, `"${arm}" is none of its arms`, 'vote for one of them');
}

function assertVector({ key, values }: LocalVector): void {
  if (values.length < 1 || values.length > patternLimits.dims)
    throw localPatternError(key, `it has ${values.length} numbers`, 'give it 1 to 1024');
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i]!) <= 1e18))
      throw localPatternError(key, `number ${i} is ${values[i]}`, 'give it finite numbers');
}

function fits(text: string, mostBytes: number): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= 1 && bytes <= mostBytes && text.isWellFormed();
}
