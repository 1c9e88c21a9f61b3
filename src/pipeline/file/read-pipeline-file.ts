// A pipeline file → what it describes. Everything is checked against the parts there are before anything is made, and
// every mistake is told at once, each with its line and column.
import { isMap, isScalar } from 'yaml';
import type { Node } from 'yaml';
import { messageOf } from '../../core/index.ts';
import type { OptionEntry, OptionTable } from '../../core/index.ts';
import { loadPlugin } from '../plugins/load-plugin.ts';
import type { AnyEntry, PartKind, PartOptions } from '../plugins/plugin-entry.ts';
import { findOptionProblems } from '../plugins/registry.ts';
import type { Registry } from '../plugins/registry.ts';
import { FileNodes, describeNode } from './file-nodes.ts';
import type { FileEntry, FileMap } from './file-nodes.ts';
import type { Variables } from './file-variables.ts';
import { OptionReader } from './read-options.ts';

/** A part that a file names, checked. */
export interface DescribedPart {
  readonly node: Node;
  readonly entry: AnyEntry;
  readonly options: PartOptions;
  /** Sources that options name. */
  readonly sources: Readonly<Record<string, DescribedPart>>;
}

/** A stage in a file. */
export interface DescribedStage {
  readonly part: DescribedPart;
  readonly name: string | undefined;
  readonly workers: number | undefined;
  readonly onError: 'fail' | 'skip' | DescribedPart;
}

/** What a file describes; null parts had mistakes. */
export interface FileDescription {
  readonly nodes: FileNodes;
  readonly source: DescribedPart | null;
  readonly stages: readonly DescribedStage[];
  readonly sink: DescribedPart | null;
  readonly run: PartOptions;
}

/** Settings of a run. */
export const runOptions = {
  budgetMiB: {
    type: 'integer',
    range: { min: 1, max: 1_048_576 },
    wanted: 'a whole number from 1 to 1048576',
    default: 256,
    about: 'memory that stages of batches may hold',
    example: 64,
  },
  batchRows: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    defaultText: 'as many as the budget allows, 65536 at most',
    about: 'rows of a batch',
    example: 8192,
  },
  ordered: {
    type: 'boolean',
    default: true,
    about: 'rows reach the sink in the order of the source, also from several workers',
    example: false,
  },
} as const satisfies OptionTable;

const workersOption = {
  type: 'integer',
  range: { min: 1, max: 64 },
  wanted: 'a whole number from 1 to 64',
  about: 'calls under way at once',
  example: 2,
} as const satisfies OptionEntry;

const rootKeys = ['plugins', 'variables', 'source', 'stages', 'sink', 'run'];
const partKeys = ['use', 'with'];
const stageKeys = [...partKeys, 'name', 'workers', 'onError'];

/** Reads a text. Mistakes are noted in `nodes`; plugins that it names are loaded into the registry. */
export async function readPipelineFile(
  text: string,
  {
    registry,
    folder,
    variables,
  }: { registry: Registry; folder: string; variables: Omit<Variables, 'defaults'> },
): Promise<FileDescription> {
  const nodes = new FileNodes(text);
  const nothing = { nodes, source: null, stages: [], sink: null, run: {} };
  if (nodes.problems.length > 0) return nothing;
  const root = nodes.readMap(nodes.root, 'the file', rootKeys);
  if (root === null) return nothing;
  const defaults = readDefaults(nodes, root);
  const reader = new FileReader(nodes, registry, new OptionReader(nodes, { ...variables, defaults }));
  await reader.loadPlugins(root.get('plugins'), folder);
  return {
    nodes,
    source: reader.readEnd(root, 'source'),
    stages: reader.readStages(root.get('stages')),
    sink: reader.readEnd(root, 'sink'),
    run: reader.readRun(root.get('run')),
  };
}

function readDefaults(nodes: FileNodes, root: FileMap): Record<string, string> {
  const entry = root.get('variables');
  const map = entry?.value ? nodes.readMap(entry.value, 'variables') : null;
  const defaults = [...(map ?? [])].map(([name, { key, value }]): [string, string] => {
    const found = nodes.resolve(value);
    if (isScalar(found)) return [name, String(found.source ?? found.value)];
    nodes.note(key, `variable "${name}" is ${describeNode(found)}, wanted a text or a number`);
    return [name, ''];
  });
  return Object.fromEntries(defaults);
}

class FileReader {
  readonly #nodes: FileNodes;
  readonly #registry: Registry;
  readonly #options: OptionReader;

  constructor(nodes: FileNodes, registry: Registry, options: OptionReader) {
    this.#nodes = nodes;
    this.#registry = registry;
    this.#options = options;
  }

  async loadPlugins(entry: FileEntry | undefined, folder: string): Promise<void> {
    for (const node of this.#nodes.readList(entry?.value ?? null)) {
      const plugin = this.#options.readText(node, 'a plugin');
      if (plugin === undefined) continue;
      try {
        await loadPlugin(plugin, folder, this.#registry);
      } catch (error) {
        this.#nodes.note(node, messageOf(error));
      }
    }
  }

  readEnd(root: FileMap, kind: 'source' | 'sink'): DescribedPart | null {
    const entry = root.get(kind);
    if (entry) return this.#readPart(entry.value, kind, partKeys, entry.key);
    this.#nodes.note(this.#nodes.root, `${kind}: is missing, wanted the ${kind} with use: and with:`);
    return null;
  }

  readStages(entry: FileEntry | undefined): DescribedStage[] {
    return this.#nodes.readList(entry?.value ?? null).flatMap((node) => {
      const part = this.#readPart(node, 'transform', stageKeys, node);
      const map = isMap(this.#nodes.resolve(node)) ? this.#nodes.readMap(node, 'a stage') : null;
      const name = map?.get('name');
      const stage = {
        name: name && this.#options.readText(name.value, 'name'),
        workers: this.#readWorkers(map?.get('workers')),
        onError: this.#readPolicy(map?.get('onError')),
      };
      return part ? [{ ...stage, part }] : [];
    });
  }

  #readWorkers(entry: FileEntry | undefined): number | undefined {
    if (!entry) return undefined;
    return this.#readTable({ workers: workersOption }, new Map([['workers', entry]]))['workers'] as number;
  }

  #readPolicy(entry: FileEntry | undefined): DescribedStage['onError'] {
    if (!entry) return 'fail';
    if (isMap(this.#nodes.resolve(entry.value))) {
      return this.#readPart(entry.value, 'sink', partKeys, entry.key) ?? 'fail';
    }
    const policy = this.#options.readText(entry.value, 'onError');
    if (policy === 'fail' || policy === 'skip') return policy;
    this.#nodes.note(
      entry.value ?? entry.key,
      'onError is neither fail nor skip, nor a sink with use: and with:',
    );
    return 'fail';
  }

  readRun(entry: FileEntry | undefined): PartOptions {
    if (!entry) return {};
    const map = this.#nodes.readMap(entry.value, 'run', Object.keys(runOptions), entry.key);
    return map ? this.#readTable(runOptions, map) : {};
  }

  /** Values of a table without a part; mistakes are noted. */
  #readTable(table: OptionTable, map: FileMap): PartOptions {
    const known = new Map([...map].filter(([name]) => Object.hasOwn(table, name)));
    const options = this.#readValues(known, table);
    const entry = { name: 'run', about: '', options: table, create: () => undefined as never };
    this.#noteProblems(entry, options, known, this.#nodes.root);
    return options;
  }

  #readPart(node: Node | null, kind: PartKind, keys: readonly string[], at: Node): DescribedPart | null {
    const map = this.#nodes.readMap(node, describeKind[kind], keys, at);
    if (map === null) return null;
    const use = map.get('use');
    if (!use) {
      this.#nodes.note(node, `${describeKind[kind]} has no use:, wanted the name of a ${kind}`);
      return null;
    }
    const name = this.#options.readText(use.value ?? use.key, 'use');
    const entry = name === undefined ? null : this.#findEntry(kind, name, use.value ?? use.key);
    const given = this.#readGiven(map.get('with'));
    if (entry === null || given === null) return null;
    return this.#readOptions(entry, given, use.value ?? use.key);
  }

  #findEntry(kind: PartKind, name: string, node: Node): AnyEntry | null {
    try {
      return this.#registry.find(kind, name);
    } catch (error) {
      this.#nodes.note(node, messageOf(error));
      return null;
    }
  }

  #readGiven(entry: FileEntry | undefined): FileMap | null {
    if (!entry?.value) return new Map();
    return this.#nodes.readMap(entry.value, 'with');
  }

  #readOptions(entry: AnyEntry, given: FileMap, node: Node): DescribedPart | null {
    const before = this.#nodes.problems.length;
    const options = this.#readValues(given, entry.options);
    const sources: Record<string, DescribedPart> = {};
    for (const [option, about] of Object.entries(entry.sources ?? {})) {
      const found = given.get(option);
      const part = found ? this.#readPart(found.value, 'source', partKeys, found.key) : null;
      if (part) sources[option] = part;
      else if (!found) this.#nodes.note(node, `"${entry.name}" needs ${option}, a source: ${about}`);
    }
    this.#noteProblems(entry, options, given, node);
    return this.#nodes.problems.length > before ? null : { node, entry, options, sources };
  }

  #readValues(given: FileMap, table: OptionTable): PartOptions {
    const values = [...given].map(([option, { key, value }]): [string, unknown] => {
      const known = Object.hasOwn(table, option) ? table[option] : undefined;
      if (known && value === null)
        this.#nodes.note(key, `${option} is empty, give it a value or leave it out`);
      return [option, known && value ? this.#options.read(value, known) : undefined];
    });
    return Object.fromEntries(values);
  }

  #noteProblems(entry: AnyEntry, options: PartOptions, given: FileMap, node: Node | null): void {
    // A value that is empty was noted; it is not missing as well.
    const empty = [...given].filter(([, { value }]) => value === null).map(([name]) => name);
    const required = (entry.required ?? []).filter((name) => !empty.includes(name));
    for (const { option, text } of findOptionProblems({ ...entry, required } as AnyEntry, options)) {
      const place = option === null ? undefined : given.get(option);
      const isKnown = option !== null && Object.hasOwn(entry.options, option);
      this.#nodes.note((isKnown ? place?.value : place?.key) ?? node, text);
    }
  }
}

const describeKind: Readonly<Record<PartKind, string>> = {
  source: 'the source',
  transform: 'a stage',
  sink: 'the sink',
};
