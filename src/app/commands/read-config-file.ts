// Reads the configuration file of `serve` (config-file.ts). Loaded where there is one: YAML and the nodes of pipeline files
// are a third of what a daemon would load at its start.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { isScalar } from 'yaml';
import type { Node } from 'yaml';
import { adviseOnReading, messageOf } from '../../core/index.ts';
import { FileNodes, describeNode } from '../../pipeline/index.ts';
import { configError } from '../errors.ts';
import type { ConfigFile } from './config-file.ts';

/** Only a call can mean them. */
const notInFiles = new Set(['config', 'help', 'print-unit']);
/** Relative ones are taken from the folder of the file: a service has another one. */
const pathKeys = new Set(['home', 'log-file', 'procfs']);

/**
 * Reads the file into the options of a command that were not given.
 * @throws ConfigError with the line of every key and value that cannot be used
 */
export function applyConfigFile(command: Command, path: string): ConfigFile {
  const text = readText(path);
  if (/\.toml$/i.test(path))
    throw configError([`${path} is TOML, wanted YAML: a line like "hz: 2" for "hz = 2"`]);
  const nodes = new FileNodes(text);
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
  const problems = nodes.problems.map((problem) => `${path}:${problem.line}: ${problem.text}`);
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
    throw configError([`${path} cannot be read: ${adviseOnReading(error).state}`]);
  }
}
