// Frames of V8 → frames of a client: the user's, with the places and the names that the user wrote, without this
// kernel's own and what lies below them.
import type { Debugger } from 'node:inspector';
import type { JsonObject } from '../protocol/message.ts';
import { restoreNames } from '../runtime/shadowed-names.ts';
import type { AwaitingSite } from '../runtime/stack-frames.ts';
import { nameOfScript, placeInSource } from './scripts.ts';
import type { Script, Scripts } from './scripts.ts';

/** A frame of a paused thread. */
export interface Frame {
  readonly id: number;
  /** Null of a frame that waits for the one before it: it is on no stack. */
  readonly call: Debugger.CallFrame | null;
  readonly script: Script;
  readonly shown: JsonObject;
}

/** What both kinds of frames have. */
interface Site {
  readonly name: string;
  readonly script: Script;
  readonly line: number;
  readonly column: number;
  readonly call: Debugger.CallFrame | null;
}

/**
 * Builds the frames, the newest first.
 * @param awaiting what awaits the oldest of them
 * @param nextId gives each its number
 */
export async function buildStackFrames(
  scripts: Scripts,
  { callFrames }: Debugger.PausedEventDataType,
  awaiting: readonly AwaitingSite[],
  nextId: () => number,
): Promise<readonly Frame[]> {
  const onStack = trimEnd(callFrames.flatMap((call) => siteOf(scripts, call)));
  const sites = [...onStack, ...awaiting.flatMap((site) => awaitingSite(scripts, site))];
  await scripts.describe(sites.map(({ script }) => script));
  return sites.map((site) => buildFrame(site, nextId()));
}

function siteOf(scripts: Scripts, call: Debugger.CallFrame): Site[] {
  const { scriptId, lineNumber: line, columnNumber: column = 0 } = call.location;
  const script = scripts.at(scriptId);
  if (!script || script.owner === 'kernel') return [];
  return [{ name: nameOfFrame(call, script), script, line, column, call }];
}

function awaitingSite(scripts: Scripts, { name, file, line, column }: AwaitingSite): Site[] {
  const script = scripts.named(file);
  if (script?.owner !== 'user' && script?.owner !== 'library') return [];
  const shown = name === '' ? nameOfTop(script) : restoreNames(name);
  return [{ name: `async ${shown}`, script, line: line - 1, column: column - 1, call: null }];
}

/** Without Node's own frames below the user's: they called nothing that the user wrote. */
function trimEnd(sites: readonly Site[]): readonly Site[] {
  return sites.slice(0, sites.findLastIndex(({ script }) => script.owner !== 'node') + 1);
}

function nameOfFrame({ functionName, scopeChain }: Debugger.CallFrame, script: Script): string {
  if (functionName !== '') return restoreNames(functionName);
  const isFunction = scopeChain.some(({ type }) => type === 'local');
  return isFunction ? '(anonymous)' : nameOfTop(script);
}

/** The code of a cell or a module outside of functions. */
const nameOfTop = (script: Script): string => `<${nameOfScript(script).replace(/\.ts$/, '') || 'script'}>`;

function buildFrame({ name, script, line, column, call }: Site, id: number): Frame {
  const place = placeInSource(script, line, column);
  const source = buildSource(script);
  const hint = script.owner === 'user' ? {} : { presentationHint: 'subtle' };
  return { id, call, script, shown: { id, name, source, ...place, ...hint } };
}

/** What has no path is read by the number of its script. */
function buildSource(script: Script): JsonObject {
  const { path, id } = script;
  const name = nameOfScript(script) || `script ${id}`;
  return path === null ? { name, sourceReference: Number(id) } : { name, path };
}
