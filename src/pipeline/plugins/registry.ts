// The parts that can be named, and who brought them. Built-in ones come in the same way as those of plugins.
import { describeWanted, findNearest, findProblems } from '../../core/index.ts';
import { nameTakenError, partEntryError, partOptionsError, unknownPartError } from './errors.ts';
import type {
  AnyEntry,
  PartKind,
  PartOptions,
  PartRegistry,
  SinkEntry,
  SourceEntry,
  TransformEntry,
} from './plugin-entry.ts';

interface EntryOf {
  readonly source: SourceEntry;
  readonly transform: TransformEntry;
  readonly sink: SinkEntry;
}

/** A part with where it comes from. */
export interface RegisteredPart {
  readonly kind: PartKind;
  /** `built in`, or the plugin as the file names it. */
  readonly from: string;
  readonly entry: AnyEntry;
}

/** One mistake among the options of a part. */
export interface OptionProblem {
  /** Null when it is about several options, or one that is missing. */
  readonly option: string | null;
  readonly text: string;
}

/** All parts that can be named. */
export interface Registry {
  readonly parts: readonly RegisteredPart[];
  /** A view through which one plugin registers. */
  of(plugin: string): PartRegistry;
  /** @throws RuvectorError `ERR_PIPELINE_PART` with the nearest name there is */
  find<K extends PartKind>(kind: K, name: string): EntryOf[K];
}

const BUILT_IN = 'built in';

/** Creates a registry of parts that are built in. @throws RuvectorError `ERR_PIPELINE_PLUGIN` */
export function createRegistry(register: (registry: PartRegistry) => void): Registry {
  const parts = new Map<string, RegisteredPart>();
  const registry: Registry = {
    get parts() {
      return [...parts.values()];
    },
    of: (plugin) => ({
      source: (entry) => add(parts, { kind: 'source', from: plugin, entry }),
      transform: (entry) => add(parts, { kind: 'transform', from: plugin, entry }),
      sink: (entry) => add(parts, { kind: 'sink', from: plugin, entry }),
    }),
    find: <K extends PartKind>(kind: K, name: string) => {
      const found = parts.get(`${kind} ${name}`);
      if (found) return found.entry as EntryOf[K];
      const known = [...parts.values()].filter((part) => part.kind === kind).map(({ entry }) => entry.name);
      throw unknownPartError(kind, name, findNearest(name, known), known);
    },
  };
  register(registry.of(BUILT_IN));
  return registry;
}

function add(parts: Map<string, RegisteredPart>, part: RegisteredPart): void {
  const flaw = findFlaw(part.entry);
  if (flaw !== null) throw partEntryError(part.from, part.kind, flaw);
  const key = `${part.kind} ${part.entry.name}`;
  const taken = parts.get(key);
  if (taken) throw nameTakenError(part.kind, part.entry.name, part.from, taken.from);
  parts.set(key, part);
}

/** What is wrong with an entry, whose author the compiler may not have helped. */
function findFlaw(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null) return 'it is no object';
  const { name, about, options, create, required = [], paths = [] } = entry as Partial<AnyEntry>;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name)) {
    return `its name is ${JSON.stringify(name)}, wanted small letters, digits and dashes`;
  }
  if (typeof about !== 'string') return `"${name}" has no \`about\`, one sentence that says what it is`;
  if (typeof options !== 'object' || options === null) return `"${name}" has no table of options; {} is one`;
  if (typeof create !== 'function') return `"${name}" has no function \`create\``;
  for (const [option, { type, about: text }] of Object.entries(options)) {
    if (typeof type !== 'string' || typeof text !== 'string') {
      return `option "${option}" of "${name}" needs \`type\` and \`about\``;
    }
  }
  const missing = [...required, ...paths].find((option) => !Object.hasOwn(options, option));
  return missing === undefined
    ? null
    : `"${name}" has no option "${missing}", which it calls required or a path`;
}

/** Every mistake among options: unknown ones with the nearest there is, missing ones, and values that do not fit. */
export function findOptionProblems(entry: AnyEntry, given: PartOptions): OptionProblem[] {
  const { options, required = [], sources = {} } = entry;
  const known = [...Object.keys(options), ...Object.keys(sources)];
  const unknown = Object.keys(given).filter((option) => !known.includes(option));
  const missing = required.filter((option) => given[option] === undefined);
  const problems = [
    ...unknown.map((option) => ({ option, text: describeUnknown(entry.name, option, known) })),
    ...missing.map((option) => ({
      option: null,
      text: `"${entry.name}" needs ${option}, ${describeWanted(options[option]!)}: ${options[option]!.about}`,
    })),
    ...Object.keys(options).flatMap((option) =>
      findProblems({ [option]: options[option]! }, given).map((text) => ({ option, text })),
    ),
  ];
  if (problems.length > 0) return problems;
  return (entry.check?.(given) ?? []).map((text) => ({ option: null, text }));
}

function describeUnknown(name: string, option: string, known: readonly string[]): string {
  const nearest = findNearest(option, known);
  const wanted = known.length === 0 ? 'it has no options' : `wanted one of ${known.join(', ')}`;
  return `"${name}" has no option "${option}", ${nearest === null ? wanted : `did you mean ${nearest}?`}`;
}

/** @throws RuvectorError `ERR_PIPELINE_PART_OPTIONS` with all mistakes */
export function assertOptions(kind: PartKind, entry: AnyEntry, given: PartOptions): void {
  const problems = findOptionProblems(entry, given).map(({ text }) => text);
  if (problems.length > 0) throw partOptionsError(kind, entry.name, problems);
}
