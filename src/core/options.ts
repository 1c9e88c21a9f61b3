// Options, each said once. A table holds every option's type, default, values and meaning; types, checks, parameters
// of requests and command lines are derived from it here and in src/app, and what stands in Python and in docs/ is
// generated (scripts/generate-options.mjs). What only the place of use can know (a path, other options) is checked there.
import { MAX_WINDOW_STEPS, findWindowFlaw } from './feature-window.ts';
import type { FeatureWindow } from './feature-window.ts';

/** `scalar`: a text, a number or a switch; `mapping`: names to such; `numbers`: a list of them; `window`: a FeatureWindow. */
export type OptionType =
  | 'boolean'
  | 'number'
  | 'integer'
  | 'text'
  | 'choice'
  | 'names'
  | 'numbers'
  | 'scalar'
  | 'mapping'
  | 'window';

/** One option, under its TypeScript name. */
export interface OptionEntry {
  readonly type: OptionType;
  readonly unit?: 'ms' | 'bytes';
  /** Without one, what is left out is decided where the option is used. */
  readonly default?: boolean | number | string;
  /** The default in words, where there is no value or words say more. */
  readonly defaultText?: string;
  /** Of a choice its values, of names and of what a mapping gives all there are. */
  readonly choices?: readonly string[];
  /** What names may be instead of a list. */
  readonly words?: readonly string[];
  readonly range?: OptionRange;
  /** The values in words, as an error says them. @default from the type and the choices */
  readonly wanted?: string;
  /** One sentence without its capital and full stop; code stands in backticks. */
  readonly about: string;
  /** Further sentences for those who read on; not for `--help`. */
  readonly detail?: string;
  /** On the command line, where it is not the name in dashes: `--split <share>`. */
  readonly flag?: string;
  readonly example: boolean | number | string | readonly string[] | readonly number[] | OptionMapping;
}

/** Names with a value each. */
export type OptionMapping = Readonly<Record<string, string | number | boolean>>;

/** Numbers that can be used. */
export interface OptionRange {
  readonly min?: number;
  readonly max?: number;
  /** Not included. */
  readonly above?: number;
  /** Not included. */
  readonly below?: number;
}

export type OptionTable = Readonly<Record<string, OptionEntry>>;

/** What may be given for a table: all optional, undefined is not given. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]?: ValueOf<T[K]> | undefined };

/** The values of those that have a default. */
export type OptionDefaults<T extends OptionTable> = {
  readonly [K in keyof T as T[K] extends { readonly default: unknown } ? K : never]: ValueOf<T[K]>;
};

type ValueOf<O extends OptionEntry> = O['type'] extends 'boolean'
  ? boolean
  : O['type'] extends 'number' | 'integer'
    ? number
    : O['type'] extends 'names'
      ? readonly OneOf<O, 'choices', string>[] | OneOf<O, 'words', never>
      : O['type'] extends 'numbers'
        ? readonly number[]
        : O['type'] extends 'scalar'
          ? string | number | boolean
          : O['type'] extends 'mapping'
            ? Readonly<Record<string, OneOf<O, 'choices', string | number | boolean>>>
            : O['type'] extends 'window'
              ? FeatureWindow
              : OneOf<O, 'choices', string>;

type OneOf<O, K extends string, Otherwise> =
  O extends Readonly<Record<K, readonly (infer Value)[]>> ? Value : Otherwise;

/** The defaults of a table. */
export function defaultsOf<T extends OptionTable>(table: T): OptionDefaults<T> {
  const known = Object.entries(table).filter(([, entry]) => entry.default !== undefined);
  return Object.fromEntries(known.map(([name, entry]) => [name, entry.default])) as OptionDefaults<T>;
}

/** The values of a table's options: those given, and the defaults of the others. */
export function completeOptions<T extends OptionTable>(
  table: T,
  given: OptionValues<T>,
): OptionValues<T> & OptionDefaults<T> {
  const set = Object.entries(given).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(table, name),
  );
  return { ...defaultsOf(table), ...Object.fromEntries(set) };
}

/** Every value that cannot be used and what could be; names that the table does not have are not looked at. */
export function findProblems(table: OptionTable, given: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(table).flatMap(([name, entry]) => {
    const value = given[name];
    if (value === undefined || isUsable(entry, value)) return [];
    return [`${name} is ${JSON.stringify(value)}, wanted ${describeWanted(entry)}`];
  });
}

const isUsable = (entry: OptionEntry, value: unknown): boolean => checks[entry.type](entry, value);

const isText = ({ choices }: OptionEntry, value: unknown): boolean =>
  typeof value === 'string' && (choices?.includes(value) ?? true);

/** Whether a value can be used for an option of each type. */
const checks: Readonly<Record<OptionType, (entry: OptionEntry, value: unknown) => boolean>> = {
  boolean: (_, value) => typeof value === 'boolean',
  number: ({ range }, value) => typeof value === 'number' && isWithin(value, range),
  integer: ({ range }, value) => Number.isSafeInteger(value) && isWithin(value as number, range),
  text: isText,
  choice: isText,
  names: (entry, value) => isWord(entry, value) || isNameList(value, entry.choices),
  numbers: (_, value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => Number.isFinite(one)),
  scalar: (_, value) => isScalar(value),
  mapping: ({ choices }, value) => isMapping(value, choices),
  window: (_, value) => findWindowFlaw(value) === null,
};

function isWithin(value: number, range: OptionRange = {}): boolean {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = range;
  return value >= min && value <= max && value > above && value < below;
}

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

function isMapping(value: unknown, known: readonly unknown[] | undefined): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const given = Object.values(value);
  return given.length > 0 && given.every((one) => isScalar(one) && (known?.includes(one) ?? true));
}

const isWord = ({ words = [] }: OptionEntry, value: unknown): boolean =>
  (words as readonly unknown[]).includes(value);

function isNameList(names: unknown, known: readonly string[] | undefined): boolean {
  if (!Array.isArray(names) || names.length === 0 || new Set(names).size < names.length) return false;
  return names.every((name) => typeof name === 'string' && (known?.includes(name) ?? true));
}

/** The values of an option in words. */
export function describeWanted({ type, choices, words = [], wanted }: OptionEntry): string {
  if (wanted !== undefined) return wanted;
  if (type === 'boolean') return 'true or false';
  if (type === 'names' && choices) return `some of ${choices.join(', ')}, each once`;
  if (type === 'names') return [...words.map((word) => `"${word}"`), 'a list of names'].join(' or ');
  if (type === 'numbers') return 'a list of numbers';
  if (type === 'mapping')
    return choices ? `names with one of ${choices.join(', ')} each` : 'names with a value each';
  if (type === 'scalar') return 'a text, a number, true or false';
  if (type === 'window') return `{ steps: 2 to ${MAX_WINDOW_STEPS}, everyMs: whole milliseconds above 0 }`;
  return choices ? `one of ${choices.join(', ')}` : `${type === 'integer' ? 'an' : 'a'} ${type}`;
}

/** `sampleIntervalMs` as the bridge and Python name it: `sample_interval_ms`. */
export const toWireName = (name: string): string => joinWords(name, '_');

/** The option on the command line: `--sample-interval <time>`. */
export function flagOf(name: string, { flag, type, unit }: OptionEntry): string {
  if (flag !== undefined) return flag;
  const dashed = `--${joinWords(unit === 'ms' ? name.replace(/Ms$/, '') : name, '-')}`;
  if (type === 'boolean') return dashed;
  if (unit === 'ms') return `${dashed} <time>`;
  if (type === 'window') return `${dashed} <steps>x<time>`;
  return `${dashed} ${type === 'names' ? '<names>' : type === 'number' || type === 'integer' ? '<n>' : '<name>'}`;
}

const joinWords = (name: string, joint: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `${joint}${letter.toLowerCase()}`);

/** The default in words; undefined where there is none, or none worth a word: a switch is off until it is given. */
export function describeDefault({
  type,
  unit,
  default: value,
  defaultText,
}: OptionEntry): string | undefined {
  if (defaultText !== undefined) return defaultText;
  if (value === undefined || type === 'boolean') return undefined;
  return unit === 'ms' ? describeMs(Number(value)) : String(value);
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** 3_600_000 → `1h`, in the largest unit that it is whole in. */
export function describeMs(ms: number): string {
  const [unit, size] = units.find(([, whole]) => ms >= whole && ms % whole === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
