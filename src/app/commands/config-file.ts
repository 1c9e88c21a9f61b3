// The configuration file of `serve`: YAML, each key a flag without its dashes, so that whatever `serve` takes can stand
// in it and is checked by the same parser. What the command line says wins over it.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { isScalar } from 'yaml';
import type { Node } from 'yaml';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { FileNodes, describeNode } from '../../pipeline/index.ts';
import { configError } from '../errors.ts';

/** In the home, where it is found by itself. */
export const CONFIG_FILE_NAME = 'ruvector-memopt.yaml';

/** Only a call can mean them. */
const notInFiles = new Set(['config', 'help', 'print-unit']);
/** Relative ones are taken from the folder of the file: a service has another one. */
const pathKeys = new Set(['home', 'log-file', 'procfs']);

/** What a file gave. */
export interface ConfigFile {
  readonly path: string;
  /** Line of each value that is used, by the option's attribute. */
  readonly lines: ReadonlyMap<string, number>;
}

/** The file that was named, else the one in the home, else none. */
export function findConfigFile(named: string | undefined, home: string): string | null {
  if (named !== undefined) return resolve(named);
  const path = join(home, CONFIG_FILE_NAME);
  return existsSync(path) ? path : null;
}

/**
 * Reads the file into the options of a command that were not given.
 * @throws ConfigError with the line of every key and value that cannot be used
 */
export function applyConfigFile(command: Command, path: string): ConfigFile {
  const nodes = new FileNodes(readText(path));
  const options = new Map(fileOptions(command).map((option) => [keyOf(option), option]));
  const lines = new Map<string, number>();
  const entries = nodes.root === null ? null : nodes.readMap(nodes.root, 'the file', [...options.keys()]);
  for (const [key, { value, key: at }] of entries ?? []) {
    const option = options.get(key);
    if (option === undefined) continue;
    const read = readValue(nodes, { option, key, path }, value, at);
    const owner = command.options.includes(option) ? command : command.parent!;
    const attribute = option.attributeName();
    if (read === undefined || !isFree(owner, attribute)) continue;
    owner.setOptionValueWithSource(attribute, read, 'config');
    lines.set(attribute, nodes.placeOf(at).line);
  }
  const problems = nodes.problems.map(({ line, text }) => `${path}:${line}: ${text}`);
  if (problems.length > 0) throw configError(problems);
  return { path, lines };
}

const isFree = (command: Command, attribute: string): boolean =>
  ['default', undefined].includes(command.getOptionValueSource(attribute));

/** `--home` is the program's, and means the same here. */
function fileOptions(command: Command): Option[] {
  const shared = command.parent?.options.filter((option) => option.long === '--home') ?? [];
  return [...command.options, ...shared].filter((option) => !notInFiles.has(keyOf(option)));
}

/** `--no-baseline` is `baseline: false`. */
const keyOf = ({ long, negate }: Option): string => long!.slice(negate ? 5 : 2);

interface Wanted {
  readonly option: Option;
  readonly key: string;
  readonly path: string;
}

/** Undefined, with a note, for what cannot be used. */
function readValue(nodes: FileNodes, { option, key, path }: Wanted, value: Node | null, at: Node): unknown {
  const found = nodes.resolve(value);
  if (option.isBoolean() || option.negate) {
    if (isScalar(found) && typeof found.value === 'boolean') return found.value;
    nodes.note(value ?? at, `${key} is ${describeNode(found)}, wanted true or false`);
    return undefined;
  }
  if (!Array.isArray(option.defaultValue)) {
    return readOne(nodes, { option, key, path }, value ?? at, found, undefined);
  }
  let list: unknown = option.defaultValue;
  for (const item of nodes.readList(value)) {
    const next = readOne(nodes, { option, key, path }, item, nodes.resolve(item), list);
    if (next === undefined) return undefined;
    list = next;
  }
  return list;
}

/** One value as the command line would have it: its text, through the option's own parser. */
function readOne(
  nodes: FileNodes,
  { option, key, path }: Wanted,
  at: Node,
  found: Node | null,
  previous: unknown,
): unknown {
  if (!isScalar(found) || found.value === null) {
    const wanted = Array.isArray(option.defaultValue) ? 'one value or a list of them' : 'one value';
    nodes.note(at, `${key} is ${describeNode(found)}, wanted ${wanted}`);
    return undefined;
  }
  const text = typeof found.value === 'string' ? found.value : (found.source ?? JSON.stringify(found.value));
  try {
    if (pathKeys.has(key)) return resolve(dirname(path), text);
    return option.parseArg ? option.parseArg(text, previous as never) : text;
  } catch (error) {
    nodes.note(at, `${key} is ${JSON.stringify(text)}. ${messageOf(error).trim()}`);
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw configError([`${path} cannot be read: ${messageOf(error)}`]);
  }
}

/**
 * Does all, and tells the mistakes of all in one report: each by its flag, or by its line in the file.
 * @param attributeOf the option that a configuration's key comes from
 */
export function tellTogether<T extends readonly unknown[]>(
  file: ConfigFile | null,
  attributeOf: Readonly<Record<string, string>>,
  ...acts: { readonly [K in keyof T]: () => T[K] }
): T {
  const problems: string[] = [];
  const done = acts.map((act) => {
    try {
      return act();
    } catch (error) {
      if (!isRuvectorError(error, 'ERR_APP_CONFIG')) throw error;
      problems.push(...(error.details['problems'] as readonly string[]));
      return undefined;
    }
  });
  if (problems.length > 0) throw configError(problems.map((text) => tellPlace(file, attributeOf, text)));
  return done as unknown as T;
}

/** Mistakes begin with a flag, or with a key of the configuration. */
function tellPlace(
  file: ConfigFile | null,
  attributeOf: Readonly<Record<string, string>>,
  text: string,
): string {
  const [start = '', dashes = '', name = ''] = /^(--)?([\w-]+)/.exec(text) ?? [];
  const attribute = dashes === '' ? (attributeOf[name] ?? name) : toAttribute(name);
  const key = attribute.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const rest = text.slice(start.length);
  const line = file?.lines.get(attribute);
  return line === undefined ? `--${key}${rest}` : `${file!.path}:${line}: ${key}${rest}`;
}

const toAttribute = (flag: string): string =>
  flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
