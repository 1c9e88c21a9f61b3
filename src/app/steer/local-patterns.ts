// What this host would share: votes of the state file of `dag steer`, and patterns of a JSON file.
import { readFile } from 'node:fs/promises';
import { adviseOnReading } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { createPolicy, templateKey } from '../../steer/index.ts';
import type { LocalPattern, LocalVote } from '../../steer/index.ts';
import { configError } from '../errors.ts';
import { listStatePaths } from './state-paths.ts';

/** Where patterns are read from. */
export interface PatternFiles {
  readonly home: Home;
  /** A state file of `dag steer`. @default all in the folder `steer` of the home, if there are any */
  readonly state?: string | undefined;
  /** A list of `{"template", "arms", "arm"}` and `{"key", "values"}`. @default none */
  readonly patterns?: string | undefined;
}

/**
 * A template or key that several files have counts once, as the first of them has it.
 * @throws RuvectorError `ERR_APP_CONFIG`, `ERR_STEER_STATE`
 */
export async function readLocalPatterns({ home, state, patterns }: PatternFiles): Promise<LocalPattern[]> {
  const all: LocalPattern[] = [];
  for (const path of state === undefined ? await listStatePaths(home) : [state])
    all.push(...readStateVotes(await readJson(path)));
  if (patterns !== undefined) all.push(...readList(patterns, await readJson(patterns)));
  const byId = new Map(all.toReversed().map((pattern) => [`${pattern.kind}:${pattern.key}`, pattern]));
  return [...byId.values()];
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw configError([`"${path}" cannot be read: ${adviseOnReading(error).state}`]);
  }
}

/** A template votes once steering has decided, for an arm or for the default. */
function readStateVotes(document: unknown): LocalVote[] {
  const { policy } = document as { policy?: { arms?: readonly string[]; defaultArm?: string } };
  const arms = policy?.arms ?? [];
  const defaultArm = policy?.defaultArm ?? '';
  const known = createPolicy({ arms, defaultArm, seed: 1, state: policy });
  return known.templates().flatMap((template): LocalVote[] => {
    const report = known.explain(template)!;
    if (report.state !== 'steered' && report.state !== 'default-best') return [];
    return [{ kind: 'vote', key: templateKey(template), arms, arm: report.verified ?? defaultArm }];
  });
}

interface ListedPattern {
  readonly template?: unknown;
  readonly arms?: unknown;
  readonly arm?: unknown;
  readonly key?: unknown;
  readonly values?: unknown;
}

function readList(path: string, value: unknown): LocalPattern[] {
  if (!Array.isArray(value)) throw configError([`"${path}" holds no list of patterns`]);
  return value.map((each: ListedPattern | null, i): LocalPattern => {
    const { template, arms, arm, key, values } = each ?? {};
    if (typeof template === 'string' && isTexts(arms) && typeof arm === 'string')
      return { kind: 'vote', key: templateKey(template), arms, arm };
    if (typeof key === 'string' && isNumbers(values)) return { kind: 'vector', key, values };
    throw configError([
      `pattern ${i} of "${path}" is neither {"template", "arms", "arm"} nor {"key", "values"}`,
    ]);
  });
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'number');
