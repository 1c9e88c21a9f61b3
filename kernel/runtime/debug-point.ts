// Where a debugger asks the user's thread: through V8's inspector, so also while that thread is paused or spins. It
// runs nothing of the user's but what the user asked to see by its own display method.
import { types } from 'node:util';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import { FILE_MAP_URL, parseCellMapUrl } from '../protocol/map-urls.ts';
import { compileExpression } from './debug-expression.ts';
import { bundleOf, inspectedText } from './display/mime-bundle.ts';
import type { MimeBundle } from './display/mime-bundle.ts';
import type { Evaluator } from './evaluator.ts';
import type { NotebookNames } from './notebook-names.ts';
import {
  Array,
  JSON,
  Map,
  Object,
  Promise,
  Reflect,
  Set,
  String,
  console,
  withOriginals,
} from './primordials.ts';
import { noticeReplaced } from './primordials.ts';
import { restoreNames } from './shadowed-names.ts';
import { readAwaiting, sourceMapOf } from './stack-frames.ts';
import type { CellSources } from './traceback.ts';

/** What is known of a script. */
export interface CompiledSource {
  /** The cell as the client sent it; null of a file. */
  readonly written: string | null;
  readonly maps: readonly object[];
}

interface Asked {
  readonly evaluator: Evaluator;
  readonly sources: CellSources;
  readonly names: NotebookNames;
}

/** Places of the stack in which something that awaits is looked for. */
const MOST_SITES = 200;
/** Names of a notebook that are shown. */
const MOST_NAMES = 5000;

/** Defines the slot. Cells can neither replace nor declare it. */
export function installDebugPoint({ evaluator, sources, names }: Asked): void {
  const hits = new Map<number, number>();
  const point = {
    /** @param scripts pairs of address and sourceMappingURL */
    compiled: (scripts: readonly (readonly [string, string])[]): string =>
      JSON.stringify(scripts.map(([url, mapUrl]) => compiledOf(sources, url, mapUrl))),
    /** JavaScript of an expression, with the names of cells as V8 has them. @param local names of the frame */
    expression: (text: string, local: readonly string[] = []): string => {
      const compiled = compileExpression(text);
      const js = renameOutside(evaluator, compiled, local);
      return JSON.stringify({ js, isRenamed: js !== compiled });
    },
    /** The names of the notebook as cells and as V8 write them. */
    names: (): string =>
      JSON.stringify([...names].slice(-MOST_NAMES).map((name) => [name, evaluator.scopeName(name)])),
    awaiting: (): string => JSON.stringify(readAwaiting(MOST_SITES)),
    values: (readers: readonly (readonly [string, () => unknown])[]): object => valuesOf(readers),
    size: (value: object): number => Reflect.ownKeys(value).length,
    page: (value: object, start: number, count: number): object => pageOf(value, start, count),
    named: (value: object, start: number, count: number): object =>
      copyOf(value, Reflect.ownKeys(value).slice(start, start + count)),
    /** A value as the notebook shows it; a promise where that takes a while. */
    render: (value: unknown): Promise<string> | string => {
      const bundle = bundleOf(value);
      return bundle instanceof Promise ? toJson(bundle) : JSON.stringify(bundle);
    },
    text: (value: unknown): string =>
      JSON.stringify({ data: { 'text/plain': inspectedText(value) }, metadata: {} }),
    declare: (name: string, value: unknown): void => {
      evaluator.declareNow(name, value);
      names.declare([name], []);
    },
    /** Counts how often a breakpoint was met. */
    hit: (breakpoint: number): number => {
      const count = (hits.get(breakpoint) ?? 0) + 1;
      hits.set(breakpoint, count);
      return count;
    },
    forgetHits: (): void => hits.clear(),
    /** Writes what a logpoint says; never pauses. */
    log: (parts: readonly (string | (() => unknown))[]): boolean => {
      console.log(parts.map((part) => (typeof part === 'string' ? part : readText(part))).join(''));
      return false;
    },
  };
  Object.defineProperty(globalThis, DEBUG_SLOT, { value: Object.freeze(guarded(point)) });
}

type Call = (...args: never[]) => unknown;

/** Everything runs with the globals that cells have not replaced. */
function guarded<T extends Record<string, Call>>(point: T): T {
  const entries = Object.entries(point).map(([name, call]): [string, Call] => [
    name,
    (...args) => {
      noticeReplaced();
      return withOriginals(() => call(...args));
    },
  ]);
  return Object.fromEntries(entries) as T;
}

/** Renames but what the frame itself declares. */
function renameOutside(evaluator: Evaluator, js: string, local: readonly string[]): string {
  const own = [...new Set(local)].filter((name) => name !== 'this' && name !== 'arguments');
  const head = `((${own.join(', ')}) => {`;
  return evaluator.rename(`${head}${js}})`).slice(head.length, -2);
}

function compiledOf(sources: CellSources, url: string, mapUrl: string): CompiledSource | null {
  const cell = parseCellMapUrl(mapUrl);
  if (cell !== null) return sources.at(cell.number) ?? null;
  const map = mapUrl === FILE_MAP_URL ? sourceMapOf(url) : undefined;
  return map === undefined ? null : { written: null, maps: [map] };
}

/** An object of what the readers give; without those that cannot be read, such as a name that was not set yet. */
function valuesOf(readers: readonly (readonly [string, () => unknown])[]): object {
  const found = Object.create(null) as Record<string, unknown>;
  for (const [name, read] of readers) {
    try {
      found[name] = read();
    } catch {
      // It has no value.
    }
  }
  return found;
}

/** Some elements of an array, a map or a set, under their indexes. No getter runs. */
function pageOf(value: object, start: number, count: number): object {
  if (types.isMap(value)) {
    const entries = sliceOf(Map.prototype.entries.call(value), start, count);
    return listOf(
      entries.map(([key, held]) => ({ key, value: held })),
      start,
    );
  }
  if (types.isSet(value)) return listOf(sliceOf(Set.prototype.values.call(value), start, count), start);
  return copyOf(
    value,
    Array.from({ length: count }, (_, at) => String(start + at)),
  );
}

function sliceOf<T>(values: Iterable<T>, start: number, count: number): T[] {
  const found: T[] = [];
  let at = 0;
  for (const value of values) {
    if (at >= start + count) break;
    if (at++ >= start) found.push(value);
  }
  return found;
}

function listOf(values: readonly unknown[], start: number): object {
  const list = Object.create(null) as Record<number, unknown>;
  values.forEach((value, at) => (list[start + at] = value));
  return list;
}

function copyOf(value: object, keys: readonly PropertyKey[]): object {
  const copy = Object.create(null) as object;
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property) Object.defineProperty(copy, key, { ...property, configurable: true });
  }
  return copy;
}

async function toJson(bundle: Promise<MimeBundle>): Promise<string> {
  return JSON.stringify(await bundle);
}

function readText(read: () => unknown): string {
  try {
    const value = read();
    return typeof value === 'string' ? value : inspectedText(value);
  } catch (error) {
    return `{${restoreNames(inspectedText(error)).split('\n')[0]}}`;
  }
}
