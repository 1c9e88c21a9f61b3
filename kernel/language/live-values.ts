// What live values know, through V8's inspector from the protocol thread: it answers while the user's thread
// spins. Nothing with a side effect is evaluated.
import type { Runtime } from 'node:inspector';
import { Session } from 'node:inspector/promises';
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
  /** Properties of a value, its columns among them. */
  members(expression: string): Promise<readonly LiveName[]>;
  /** What may stand in the brackets after a value: columns, else its own keys. */
  keys(expression: string): Promise<readonly LiveName[]>;
  /** Everything in scope, and keywords. */
  globals(): Promise<readonly LiveName[]>;
  /** Null when the expression has no value, or finding it would have an effect. */
  read(expression: string): Promise<LiveValue | null>;
  /** Stops what runs in the user's thread; its event loop goes on. */
  terminate(): Promise<void>;
  close(): void;
}

const keywords =
  'async await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof interface let new null return static super switch this throw true try type typeof undefined using var void while with yield'.split(
    ' ',
  );

/** Columns of Polars frames (proxies that throw on foreign names) and of Arrow tables. Runs in the user's thread. */
const columnsOf = `const columnsOf = (value) => {
  try {
    const tag = Object.prototype.toString.call(value);
    const names = tag === '[object DataFrame]' || tag === '[object LazyDataFrame]' ? value.columns
      : tag === '[object Table]' || tag === '[object RecordBatch]' ? value.schema.fields.map((one) => one.name) : [];
    return Array.isArray(names) ? names.map(String) : [];
  } catch { return []; }
};`;

/** Lists own and inherited property names with their kinds; runs in the user's thread, reads no getter. */
const listMembers = `function () {
  ${columnsOf}
  const columns = columnsOf(this);
  const names = new Map(columns.map((name) => [name, 'property']));
  const isFrame = columns.length > 0;
  for (let at = isFrame ? Object.getPrototypeOf(this) : Object(this); at !== null; at = Object.getPrototypeOf(at)) {
    let own = {};
    try { own = Object.getOwnPropertyDescriptors(at); } catch { continue; }
    for (const name of Object.keys(own)) {
      if (names.has(name)) continue;
      const { value, get } = own[name];
      names.set(name, get ? 'property' : typeof value === 'function' ? 'function' : 'property');
    }
    if (names.size > 5000) break;
  }
  return [...names];
}`;

const listKeys = `function () {
  ${columnsOf}
  const columns = columnsOf(this);
  const names = columns.length > 0 ? columns : Object.keys(this);
  return names.slice(0, 5000).map((name) => [name, 'property']);
}`;

/** Connects to the user's thread. */
export async function createLiveValues(): Promise<LiveValues> {
  const session = new Session();
  session.connectToMainThread();
  const evaluate = async (expression: string): Promise<Runtime.RemoteObject | null> => {
    // Not in REPL mode, whose answers wait for the user thread's microtasks.
    const params = { expression, throwOnSideEffect: true, timeout: 500 };
    const reply = (await session.post('Runtime.evaluate', params)) as unknown as Runtime.EvaluateReturnType;
    return reply.exceptionDetails ? null : reply.result;
  };
  const list = async (expression: string, functionDeclaration: string): Promise<LiveName[]> => {
    const object = await evaluate(`Object(${expression})`);
    if (!object?.objectId) return [];
    const { objectId } = object;
    const params = { functionDeclaration, objectId, returnByValue: true };
    const reply = await session.post('Runtime.callFunctionOn', params);
    const { result } = reply as unknown as Runtime.CallFunctionOnReturnType;
    await session.post('Runtime.releaseObject', { objectId });
    return Array.isArray(result.value) ? (result.value as LiveName[]) : [];
  };
  return {
    members: (expression) => list(expression, listMembers),
    keys: (expression) => list(expression, listKeys),
    globals: async () => {
      const { names } = await session.post('Runtime.globalLexicalScopeNames', {});
      return [
        ...names.map((name): LiveName => [name, 'instance']),
        ...(await list('globalThis', listMembers)),
        ...keywords.map((name): LiveName => [name, 'keyword']),
      ].filter(([name]) => !name.startsWith('$'));
    },
    read: async (expression) => {
      const object = await evaluate(expression);
      if (!object) return null;
      if (object.objectId) await session.post('Runtime.releaseObject', { objectId: object.objectId });
      return {
        type: object.className ?? object.subtype ?? object.type,
        isFunction: object.type === 'function',
        text: object.description ?? String(object.value),
      };
    },
    terminate: async () => await session.post('Runtime.terminateExecution'),
    close: () => session.disconnect(),
  };
}
