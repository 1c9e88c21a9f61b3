// Breakpoints by path and line → breakpoints of V8 in every script that has the line: those of cells that ran, of
// cells that will run (a script is held before its first statement, to set them), of files that are imported later.
import type { Debugger } from 'node:inspector';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { numberField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';
import { DEBUG_SLOT } from '../protocol/thread-messages.ts';
import type { KnownCells } from './cell-paths.ts';
import { findCodeLine } from './code-lines.ts';
import type { InspectorClient } from './inspector-client.ts';
import { buildCondition } from './conditions.ts';
import type { StackPlace } from '../runtime/stack-frames.ts';
import { placeInSource } from './scripts.ts';
import type { Script, Scripts } from './scripts.ts';

/** Runs of one cell, the newest ones, whose functions keep a breakpoint. */
const MOST_RUNS = 20;

/** What a client wants. */
interface Breakpoint {
  readonly id: number;
  readonly path: string;
  line: number;
  isVerified: boolean;
  message: string | null;
  readonly source: JsonObject;
  /** V8's names of it. */
  readonly bound: string[];
  /** Runs of the cell that have it. */
  readonly runs: Set<number>;
}

/** A place where V8 can pause. */
interface CodePlace {
  readonly line: number;
  readonly location: Debugger.BreakLocation;
}

/** The breakpoints of a kernel: they outlive neither it nor a `disconnect`. */
export class Breakpoints {
  readonly #cells: KnownCells;
  readonly #onChange: (breakpoint: JsonObject) => void;
  readonly #paths = new Map<string, readonly Breakpoint[]>();
  readonly #byV8 = new Map<string, Breakpoint>();
  #client: InspectorClient | null = null;
  #scripts: Scripts | null = null;
  #held: string | null = null;
  #holdsAll = false;
  #count = 0;

  /** @param onChange called with what a `breakpoint` event says of one that V8 moved or took */
  constructor(cells: KnownCells, onChange: (breakpoint: JsonObject) => void) {
    this.#cells = cells;
    this.#onChange = onChange;
  }

  /** Sets them in V8 from now on. */
  async attach(client: InspectorClient, scripts: Scripts): Promise<void> {
    this.#client = client;
    this.#scripts = scripts;
    for (const [path, list] of this.#paths) await this.#bind(path, list);
    await this.#hold();
  }

  /** Forgets all; V8 does so by itself. */
  clear(): void {
    this.#paths.clear();
    this.#byV8.clear();
    this.#client = null;
    this.#scripts = null;
    this.#held = null;
    this.#holdsAll = false;
  }

  /** What `debugInfo` lists. */
  list(): readonly JsonObject[] {
    return [...this.#paths].map(([source, list]) => ({ source, breakpoints: list.map(describe) }));
  }

  /** Replaces those of a path; resolves to what V8 makes of each. */
  async set(path: string, wanted: readonly JsonObject[]): Promise<readonly JsonObject[]> {
    const before = this.#paths.get(path) ?? [];
    const text = await this.#readText(path);
    const list = wanted.map((source): Breakpoint => {
      const line = numberField(source, 'line', 1);
      const codeLine = text === null ? line : findCodeLine(text, line);
      return {
        id: ++this.#count,
        path,
        line: codeLine ?? line,
        isVerified: text !== null && codeLine !== null,
        message: codeLine === null ? 'Nothing runs at this line or after it' : null,
        source,
        bound: [],
        runs: new Set(),
      };
    });
    if (list.length > 0) this.#paths.set(path, list);
    else this.#paths.delete(path);
    for (const breakpointId of before.flatMap(({ bound }) => bound)) {
      this.#byV8.delete(breakpointId);
      await this.#client?.post('Debugger.removeBreakpoint', { breakpointId });
    }
    await this.#bind(path, list);
    await this.#hold();
    return list.map(describe);
  }

  /** The breakpoints behind V8's names. */
  hit(names: readonly string[]): readonly number[] {
    return names.flatMap((name) => this.#byV8.get(name)?.id ?? []);
  }

  /** Sets what belongs into a script that has not run yet. */
  async bindScript(script: Script): Promise<void> {
    if (this.#paths.size === 0) return;
    await this.#scripts!.describe([script]);
    for (const breakpoint of this.#paths.get(script.path ?? '') ?? []) await this.#bindIn(script, breakpoint);
  }

  async #bind(path: string, list: readonly Breakpoint[]): Promise<void> {
    if (this.#client === null || list.length === 0) return;
    if (/\.[mc]?js$/.test(path)) {
      for (const breakpoint of list) await this.#bindByUrl(breakpoint);
      return;
    }
    const scripts = await this.#scripts!.of(path);
    for (const script of newestRuns(scripts)) {
      for (const breakpoint of list) await this.#bindIn(script, breakpoint);
    }
  }

  /** Files that are not compiled are V8's to find. */
  async #bindByUrl(breakpoint: Breakpoint): Promise<void> {
    const { path, line } = breakpoint;
    const { href } = pathToFileURL(path);
    const names = [href, path].map((name) => RegExp.escape(name)).join('|');
    const params = { lineNumber: line - 1, urlRegex: `^(?:${names})(?:\\?.*)?$` };
    const set = await this.#post<Debugger.SetBreakpointByUrlReturnType>(
      'Debugger.setBreakpointByUrl',
      breakpoint,
      params,
    );
    if (set === null) return;
    const [first] = set.locations;
    this.#take(breakpoint, set.breakpointId, first ? first.lineNumber + 1 : line);
  }

  async #bindIn(script: Script, breakpoint: Breakpoint): Promise<void> {
    const place = await this.#placeOf(script, breakpoint);
    if (place === null) return;
    const { scriptId, lineNumber, columnNumber } = place.location;
    const location = { scriptId, lineNumber, columnNumber };
    const set = await this.#post<Debugger.SetBreakpointReturnType>('Debugger.setBreakpoint', breakpoint, {
      location,
    });
    if (set === null) return;
    if (script.cell !== null) breakpoint.runs.add(script.cell.number);
    this.#take(breakpoint, set.breakpointId, place.line);
  }

  /** Null where V8 has a breakpoint already, or the condition cannot be read. */
  async #post<T>(method: string, breakpoint: Breakpoint, params: object): Promise<T | null> {
    try {
      const condition = await buildCondition(this.#client!, breakpoint.id, breakpoint.source);
      return await this.#client!.post<T>(method, { ...params, condition });
    } catch (error) {
      const { message } = error as Error;
      if (message.includes('already exists')) return null;
      breakpoint.isVerified = false;
      breakpoint.message = message;
      this.#onChange(describe(breakpoint));
      return null;
    }
  }

  #take(breakpoint: Breakpoint, breakpointId: string, line: number): void {
    this.#byV8.set(breakpointId, breakpoint);
    breakpoint.bound.push(breakpointId);
    if (breakpoint.isVerified && breakpoint.line === line) return;
    breakpoint.isVerified = true;
    breakpoint.line = line;
    this.#onChange(describe(breakpoint));
  }

  /** The first place of the line; in the last script of a cell, unless an earlier one had it, also of the next line. */
  async #placeOf(script: Script, { line, runs }: Breakpoint): Promise<CodePlace | null> {
    const { locations } = await this.#client!.post<Debugger.GetPossibleBreakpointsReturnType>(
      'Debugger.getPossibleBreakpoints',
      { start: { scriptId: script.id, lineNumber: 0, columnNumber: 0 }, restrictToFunction: false },
    );
    const text = script.cell?.part === 'functions' ? this.#cells.codeAt(script.path ?? '') : undefined;
    const places = locations
      .filter(({ lineNumber }) => lineNumber < script.lines && !(script.holdsItself && lineNumber === 0))
      .map((location) => {
        const place = placeInSource(script, location.lineNumber, location.columnNumber ?? 0);
        return { ...place, location };
      })
      .filter((place) => text === undefined || !isDeclaration(text, place));
    const { cell } = script;
    const isWhole = cell === null || (cell.part === 'body' && !runs.has(cell.number));
    const lines = places.map((place) => place.line).filter((one) => (isWhole ? one >= line : one === line));
    if (lines.length === 0) return null;
    const first = lines.reduce((least, one) => Math.min(least, one));
    const onLine = places.filter((place) => place.line === first);
    // The end of a function is the last thing that somebody means by a line.
    const [best] = onLine.toSorted((a, b) => rankOf(a) - rankOf(b) || a.column - b.column);
    return best ?? null;
  }

  /** Whether scripts are held before they run although there is nothing to set. */
  async holdAll(isWanted: boolean): Promise<void> {
    this.#holdsAll = isWanted;
    await this.#hold();
  }

  /** Holds scripts before they run while that has a reason. */
  async #hold(): Promise<void> {
    const isWanted = this.#holdsAll || this.#paths.size > 0;
    if (this.#client === null || isWanted === (this.#held !== null)) return;
    if (this.#held === null) {
      const params = { instrumentation: 'beforeScriptWithSourceMapExecution' };
      const set = await this.#client.post<{ readonly breakpointId: string }>(
        'Debugger.setInstrumentationBreakpoint',
        params,
      );
      this.#held = set.breakpointId;
    } else {
      await this.#client.post('Debugger.removeBreakpoint', { breakpointId: this.#held });
      this.#held = null;
      await this.#client.evaluate(`${DEBUG_SLOT}.forgetHits()`);
    }
  }

  /** What somebody wrote there; null when nobody has told. */
  async #readText(path: string): Promise<string | null> {
    return this.#cells.codeAt(path) ?? (await readFile(path, 'utf8').catch(() => null));
  }
}

const rankOf = ({ location }: CodePlace): number => (location.type === 'return' ? 1 : 0);

/** A function declaration runs nothing where it stands; what it is compiled to does. */
function isDeclaration(text: string, { line, column }: StackPlace): boolean {
  const code = text.split('\n', line)[line - 1] ?? '';
  return (
    /^\s*(?:export\s+(?:default\s+)?)?$/.test(code.slice(0, column - 1)) &&
    FUNCTION.test(code.slice(column - 1))
  );
}

const FUNCTION = /^(?:async\s+)?function\b/;

/** Of scripts in the order in which they ran. */
function newestRuns(scripts: readonly Script[]): readonly Script[] {
  const runs = new Set(scripts.map(({ cell, id }) => cell?.number ?? id));
  const newest = new Set([...runs].slice(-MOST_RUNS));
  return scripts.filter(({ cell, id }) => newest.has(cell?.number ?? id));
}

function describe({ id, path, line, isVerified, message }: Breakpoint): JsonObject {
  return { id, verified: isVerified, line, source: { path }, ...(message === null ? {} : { message }) };
}
