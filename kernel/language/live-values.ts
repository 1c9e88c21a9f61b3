// What live values know, through V8's inspector from the protocol thread: it answers while the user's thread
// spins. Nothing of the user's that has a side effect is evaluated.
import type { Runtime } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { isMarked } from '../runtime/shadowed-names.ts';
import { buildListing, installListing, listingOf } from './live-listing.ts';
import type { ListName } from './live-listing.ts';
import type { LiveName } from './merge-completions.ts';

/** A value as text. */
export interface LiveValue {
  readonly type: string;
  readonly isFunction: boolean;
  /** Of a function: its source. */
  readonly text: string;
}

/** Answers from live values. */
export interface LiveValues {
  /** Properties of a value that begin with a prefix, its columns among them. */
  members(expression: string, prefix?: string): Promise<readonly LiveName[]>;
  /** What may stand in the brackets after a value: columns, else those of its own keys that begin with a prefix. */
  keys(expression: string, prefix?: string): Promise<readonly LiveName[]>;
  /** Columns of a table; none of what is no table. */
  columns(expression: string): Promise<readonly LiveName[]>;
  /** Everything in scope, and keywords. */
  globals(): Promise<readonly LiveName[]>;
  /** Null when the expression has no value, or finding it would have an effect. */
  read(expression: string): Promise<LiveValue | null>;
  close(): void;
}

const keywords =
  'async await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof interface let new null return static super switch this throw true try type typeof undefined using var void while with yield'.split(
    ' ',
  );

const EVALUATE_MS = 2000;

/** Connects to the user's thread. */
export async function createLiveValues(): Promise<LiveValues> {
  const session = new Session();
  session.connectToMainThread();
  const installed = session.post('Runtime.evaluate', { expression: `${installListing}; undefined` });
  const evaluate = async (expression: string, options: object): Promise<Runtime.RemoteObject | null> => {
    // Not in REPL mode, whose answers wait for the user thread's microtasks.
    // No debugger is to stop in it.
    const params = { expression, timeout: EVALUATE_MS, disableBreaks: true, silent: true, ...options };
    const reply = (await session.post('Runtime.evaluate', params)) as unknown as Runtime.EvaluateReturnType;
    return reply.exceptionDetails ? null : reply.result;
  };
  /** What a proxy stands for, so that none of its traps runs; null when it was revoked. */
  const targetOf = async (object: Runtime.RemoteObject): Promise<Runtime.RemoteObject | null> => {
    let target: Runtime.RemoteObject | null = object;
    while (target?.subtype === 'proxy') {
      const params = { objectId: target.objectId!, ownProperties: true };
      const reply = await session.post('Runtime.getProperties', params);
      const { internalProperties } = reply as unknown as Runtime.GetPropertiesReturnType;
      target = internalProperties?.find(({ name }) => name === '[[Target]]')?.value ?? null;
    }
    return target;
  };
  /** Lists the value of any expression that has no effect. */
  const listValue = async (
    list: ListName,
    expression: string,
    prefix: string,
  ): Promise<readonly LiveName[]> => {
    const found = await evaluate(`Object(${expression})`, { throwOnSideEffect: true });
    const object = found && (await targetOf(found));
    if (!object?.objectId) return [];
    const { objectId } = object;
    const params = { functionDeclaration: listingOf(list, prefix), objectId, returnByValue: true };
    const reply = await session.post('Runtime.callFunctionOn', params);
    const { result } = reply as unknown as Runtime.CallFunctionOnReturnType;
    await session.post('Runtime.releaseObject', { objectId });
    return Array.isArray(result.value) ? (result.value as LiveName[]) : [];
  };
  /** A path of names takes one question; getters and calls take the slower way, which refuses effects. */
  const list = async (name: ListName, expression: string, prefix = ''): Promise<readonly LiveName[]> => {
    await installed;
    const listing = buildListing(name, expression, prefix);
    const quick = listing === null ? null : await evaluate(listing, { returnByValue: true });
    if (Array.isArray(quick?.value)) return quick.value as LiveName[];
    return listing !== null && quick === null ? [] : listValue(name, expression, prefix);
  };
  return {
    members: (expression, prefix) => list('members', expression, prefix),
    keys: (expression, prefix) => list('keys', expression, prefix),
    columns: (expression) => list('columns', expression),
    globals: async () => {
      const [{ names }, globals] = await Promise.all([
        session.post('Runtime.globalLexicalScopeNames', {}),
        list('members', 'globalThis'),
      ]);
      return [
        ...names.map((name): LiveName => [name, 'instance']),
        ...globals,
        ...keywords.map((name): LiveName => [name, 'keyword']),
      ].filter(([name]) => !name.startsWith('$') && !isMarked(name));
    },
    read: async (expression) => {
      const object = await evaluate(expression, { throwOnSideEffect: true });
      if (!object) return null;
      if (object.objectId) await session.post('Runtime.releaseObject', { objectId: object.objectId });
      return {
        type: object.className ?? object.subtype ?? object.type,
        isFunction: object.type === 'function',
        text: object.description ?? String(object.value),
      };
    },
    close: () => session.disconnect(),
  };
}
