// Completion and inspection from live values, through V8's inspector from the protocol thread: it answers
// while the user's thread spins. Nothing with a side effect is evaluated.
import type { Runtime } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import type { JsonObject } from '../protocol/message.ts';

/** Answers from live values. */
export interface LiveInspector {
  complete(code: string, cursor: number): Promise<JsonObject>;
  inspect(code: string, cursor: number): Promise<JsonObject>;
  /** Stops what runs in the user's thread; its event loop goes on. */
  terminate(): Promise<void>;
  close(): void;
}

const CHAIN = /(?:[\p{ID_Start}$_][\p{ID_Continue}$]*\??\.)*[\p{ID_Start}$_]?[\p{ID_Continue}$]*$/u;

const keywords =
  'async await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof interface let new null return static super switch this throw true try type typeof undefined using var void while with yield'.split(
    ' ',
  );

/** Lists own and inherited property names with their kinds; runs in the user's thread, without side effects. */
const listProperties = `function () {
  const names = new Map();
  for (let at = Object(this); at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptors(at);
    for (const name of Object.keys(own)) {
      if (names.has(name)) continue;
      const { value, get } = own[name];
      names.set(name, get ? 'property' : typeof value === 'function' ? 'function' : 'property');
    }
    if (names.size > 5000) break;
  }
  return [...names];
}`;

/** Connects to the user's thread. */
export async function createLiveInspector(): Promise<LiveInspector> {
  const session = new Session();
  session.connectToMainThread();
  const evaluate = async (expression: string): Promise<Runtime.RemoteObject | null> => {
    const params = { expression, throwOnSideEffect: true, replMode: true, timeout: 500 };
    const reply = (await session.post('Runtime.evaluate', params)) as unknown as Runtime.EvaluateReturnType;
    return reply.exceptionDetails ? null : reply.result;
  };
  const members = async (base: string): Promise<[string, string][]> => {
    const object = await evaluate(`Object(${base.replaceAll('?.', '.')})`);
    if (!object?.objectId) return [];
    const { result } = await session.post('Runtime.callFunctionOn', {
      functionDeclaration: listProperties,
      objectId: object.objectId,
      returnByValue: true,
    });
    return (result.value as [string, string][] | undefined) ?? [];
  };
  const globals = async (): Promise<[string, string][]> => {
    const { names } = await session.post('Runtime.globalLexicalScopeNames', {});
    const own = await members('globalThis');
    return [
      ...names.map((name): [string, string] => [name, 'instance']),
      ...own,
      ...keywords.map((name): [string, string] => [name, 'keyword']),
    ];
  };
  return {
    complete: async (code, cursor) => {
      const at = toUtf16(code, cursor);
      const { base, prefix } = splitChain(code.slice(0, at));
      const found = base === null ? await globals() : await members(base);
      const unique = new Map(found.filter(([name]) => name.startsWith(prefix) && isIdentifier(name)));
      const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1));
      const start = cursor - Array.from(prefix).length;
      return {
        status: 'ok',
        matches: sorted.map(([name]) => name),
        cursor_start: start,
        cursor_end: cursor,
        metadata: {
          _jupyter_types_experimental: sorted.map(([text, type]) => ({
            text,
            type,
            start,
            end: cursor,
          })),
        },
      };
    },
    inspect: async (code, cursor) => {
      const at = toUtf16(code, cursor);
      const tail = /^[\p{ID_Continue}$]*/u.exec(code.slice(at))![0];
      const name = CHAIN.exec(code.slice(0, at) + tail)?.[0] ?? '';
      const object = name === '' ? null : await evaluate(name);
      if (!object || (object.type === 'undefined' && !name)) {
        return { status: 'ok', found: false, data: {}, metadata: {} };
      }
      return { status: 'ok', found: true, data: describe(name, object), metadata: {} };
    },
    terminate: async () => await session.post('Runtime.terminateExecution'),
    close: () => session.disconnect(),
  };
}

function describe(name: string, object: Runtime.RemoteObject): JsonObject {
  const type = object.className ?? object.subtype ?? object.type;
  const text = object.description ?? String(object.value);
  const body = text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
  return {
    'text/plain': `${name}: ${type}\n${body}`,
    'text/markdown': `\`${name}: ${type}\`\n\n\`\`\`ts\n${body}\n\`\`\``,
  };
}

/** The object path before the cursor and the start of the name after its last dot. */
function splitChain(before: string): { base: string | null; prefix: string } {
  const chain = CHAIN.exec(before)?.[0] ?? '';
  const dot = chain.lastIndexOf('.');
  if (dot < 0) return { base: null, prefix: chain };
  return { base: chain.slice(0, dot).replace(/\?$/, ''), prefix: chain.slice(dot + 1) };
}

/** Cursor positions of the protocol count code points, JavaScript counts UTF-16 units. */
function toUtf16(code: string, codePoints: number): number {
  let units = 0;
  let seen = 0;
  for (const character of code) {
    if (seen++ >= codePoints) break;
    units += character.length;
  }
  return units;
}

const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
