// The command line of a table of options (src/core/options.ts): flag, help and parser of each, and what was given,
// under the table's names again. Ranges and choices are checked by whoever uses the values.
import { Option } from 'commander';
import type { Command } from 'commander';
import { describeDefault, describeMs, flagOf } from '../../core/index.ts';
import type { OptionEntry, OptionTable, OptionValues } from '../../core/index.ts';
import { collectText, parseDuration, parseList, parseNumber, parseSeconds, parseWindow } from './options.ts';

type Parse = (text: string) => unknown;

/** How one command spells what it takes from a table. */
export interface TableSpelling {
  /** Before each help text. */
  readonly prefix?: string;
  /** Parsers that refuse more than the table's type does, by name. */
  readonly parsers?: Readonly<Record<string, Parse>>;
  /** Lists that are given one item at a time, by name. */
  readonly repeatable?: readonly string[];
}

/** Adds an option for each entry. */
export function addTableOptions(
  command: Command,
  table: OptionTable,
  { prefix = '', parsers = {}, repeatable = [] }: TableSpelling = {},
): void {
  for (const [name, entry] of Object.entries(table)) {
    const flag = flagOf(name, entry);
    const isRepeatable = repeatable.includes(name);
    const option = new Option(flag, prefix + describeOption(flag, entry, isRepeatable));
    const parse = parsers[name] ?? parserOf(flag, entry);
    if (isRepeatable) option.argParser(collectText);
    else if (parse) option.argParser(parse);
    // A switch that is on needs a word here, beside its `--no-`.
    if (entry.default === true) option.default(true);
    if (entry.choices && ['choice', 'text'].includes(entry.type)) choices.set(option, entry.choices);
    tableNames.set(option, name);
    command.addOption(option);
  }
}

const tableNames = new WeakMap<Option, string>();

/** What the table calls an option; undefined for one of no table. */
export const tableNameOf = (option: Option): string | undefined => tableNames.get(option);

const choices = new WeakMap<Option, readonly string[]>();

/** The values of an option that takes one of some, for a shell that completes them. */
export const choicesOf = (option: Option): readonly string[] | undefined => choices.get(option);

/** What is meant, what holds without it, and how a time is written. */
function describeOption(flag: string, entry: OptionEntry, isRepeatable: boolean): string {
  const fallback = describeDefault(entry);
  const notes = [
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
    ...(flag.endsWith('<time>') && entry.unit === 'ms'
      ? [`example: ${describeMs(Number(entry.example))}`]
      : []),
    ...(isRepeatable ? ['repeatable'] : []),
  ];
  const text = notes.length === 0 ? entry.about : `${entry.about} (${notes.join('; ')})`;
  return text.replaceAll('`', '');
}

function parserOf(flag: string, { type, unit }: OptionEntry): Parse | undefined {
  if (flag.endsWith('<seconds>')) return (text) => parseSeconds(text) * 1000;
  if (unit === 'ms') return parseDuration;
  if (type === 'number' || type === 'integer') return parseNumber;
  if (type === 'window') return parseWindow;
  return type === 'names' ? parseList : undefined;
}

/** What commander made of a table's options, under the names of the table. */
export function pickOptions<T extends OptionTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
): OptionValues<T> {
  const picked = Object.entries(table).map(([name, entry]) => [
    name,
    wordOf(entry, given[keyOf(name, entry)]),
  ]);
  return Object.fromEntries(picked.filter(([, value]) => value !== undefined)) as OptionValues<T>;
}

/** A list of one word that stands for a list is that word. */
function wordOf({ words }: OptionEntry, value: unknown): unknown {
  const [word] = Array.isArray(value) && value.length === 1 ? (value as readonly string[]) : [];
  return word !== undefined && words?.includes(word) ? word : value;
}

/** The flags of those options of a table that were given: `--time-precision`. */
export function givenFlags(table: OptionTable, given: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(table).filter(([name, entry]) => given[keyOf(name, entry)] !== undefined);
  return entries.map(([name, entry]) => new Option(flagOf(name, entry)).long!);
}

/** The property that commander makes of a flag. */
function keyOf(name: string, entry: OptionEntry): string {
  return new Option(flagOf(name, entry)).attributeName();
}

/** The options of one table whose flags another one does not have. */
export function onlyIn(table: OptionTable, other: OptionTable): OptionTable {
  const taken = new Set(Object.entries(other).map(([name, entry]) => keyOf(name, entry)));
  return Object.fromEntries(Object.entries(table).filter(([name, entry]) => !taken.has(keyOf(name, entry))));
}
