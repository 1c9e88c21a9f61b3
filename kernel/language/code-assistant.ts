// Completion and inspection of cells: what types know and what live values know, in one answer. Either may
// fail; the other then answers alone. Runs in the protocol thread and works while a cell spins.
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../protocol/message.ts';
import { listMagics, listPaths } from './cell-words.ts';
import {
  closeOpenCode,
  readCallAfter,
  readCompletionPlace,
  readNameAt,
  readObjectStart,
  toUtf16,
} from './completion-place.ts';
import type { CompletionPlace } from './completion-place.ts';
import type { LiveValues, LiveValue } from './live-values.ts';
import { mergeCompletions } from './merge-completions.ts';
import type { LiveName } from './merge-completions.ts';
import type { TypeService } from './type-service.ts';

/** Contents of complete_reply and inspect_reply. Cursors count code points. */
export interface CodeAssistant {
  complete(code: string, cursor: number): Promise<JsonObject>;
  /** @param detailLevel 1 shows the source of functions @default 0 */
  inspect(code: string, cursor: number, detailLevel?: number): Promise<JsonObject>;
  close(): void;
}

const MOST_CHARACTERS = 2000;

/** Joins both sources. */
export function createCodeAssistant(values: LiveValues, types: TypeService): CodeAssistant {
  return {
    complete: async (code, cursor) => {
      const offset = toUtf16(code, cursor);
      const place = readCompletionPlace(code, offset);
      const live = readLive(values, place).catch(() => []);
      const text = closeOpenCode(code, offset);
      const typed = isTyped(place) ? types.complete(text, offset, place.prefix).catch(() => []) : [];
      const hasValues = live.then((names) => names.length > 0);
      return mergeCompletions(code, cursor, place, await soon(typed, hasValues, [], types), await live);
    },
    inspect: async (code, cursor, detailLevel = 0) => {
      const offset = toUtf16(code, cursor);
      const name = readNameAt(code, offset);
      const live = name === '' ? null : values.read(name.replaceAll('?.', '.')).catch(() => null);
      const hovered = types.hover(code, offset).catch(() => null);
      const hasValue = Promise.resolve(live).then((one) => one !== null);
      const typed = await soon(hovered, hasValue, null, types);
      const value = await live;
      const hover = knowsName(typed, name) ? typed : null;
      if (hover === null && value === null) return inspectCall(types, code, offset);
      const called = readCallAfter(code, offset);
      const fields = called === null || hover === null ? [] : await readFields(types, code, called);
      return found([...describe(name, hover, value, detailLevel), ...fields]);
    },
    close: () => {
      types.close();
      values.close();
    },
  };
}

/** The checker answers `any` for a name it has never seen: that says less than the live value. */
function knowsName(hover: string | null, name: string): boolean {
  return hover !== null && hover.includes(name.split('.').at(-1)!);
}

const isTyped = ({ kind }: CompletionPlace): boolean =>
  !['magic', 'path', 'folder', 'nothing'].includes(kind);

/** How long values that are there wait for types, and for types that are still being read. */
const WARM_MS = 150;
const COLD_MS = 30;

/** What types say; only what comes soon where values have an answer. */
async function soon<T>(
  typed: T | Promise<T>,
  hasValues: Promise<boolean>,
  nothing: T,
  types: TypeService,
): Promise<T> {
  if (!(await hasValues)) return typed;
  return Promise.race([typed, delay(types.isWarm() ? WARM_MS : COLD_MS, nothing, { ref: false })]);
}

function readLive(live: LiveValues, place: CompletionPlace): Promise<readonly LiveName[]> {
  const { kind, base, prefix, around } = place;
  const expression = base?.replaceAll('?.[', '[').replaceAll('?.', '.') ?? '';
  switch (kind) {
    case 'name':
      return live.globals();
    case 'member':
      return base === null ? none : live.members(expression, prefix);
    case 'key':
      return live.keys(expression, prefix);
    case 'text':
      return readColumns(live, around);
    case 'path':
    case 'folder':
      return listPaths(base ?? '', prefix, kind === 'folder');
    case 'magic':
      return Promise.resolve(listMagics());
    default:
      return none;
  }
}

const none = Promise.resolve<readonly LiveName[]>([]);

/** Columns of the first of some expressions that is a table. */
async function readColumns(live: LiveValues, expressions: readonly string[]): Promise<readonly LiveName[]> {
  for (const expression of expressions) {
    const columns = await live.columns(expression);
    if (columns.length > 0) return columns;
  }
  return [];
}

/** Between the brackets of a call: its signature. */
async function inspectCall(types: TypeService, code: string, offset: number): Promise<JsonObject> {
  const signature = await types.signature(closeOpenCode(code, offset), offset).catch(() => null);
  if (signature === null) return { status: 'ok', found: false, data: {}, metadata: {} };
  return found([{ kind: 'code', text: signature }, ...(await readFields(types, code, offset))]);
}

/** All that the object may hold that stands, or could stand, at an offset of a call. */
async function readFields(types: TypeService, code: string, offset: number): Promise<Part[]> {
  // Of an object that names some of its fields the checker tells only the others.
  const before = `${code.slice(0, readObjectStart(code, offset) ?? offset)}{ `;
  const { length } = before;
  const fields = await types.fields(closeOpenCode(before, length), length).catch(() => []);
  return fields.length === 0 ? [] : [{ kind: 'code', text: `{\n  ${fields.join(';\n  ')};\n}` }];
}

interface Part {
  readonly kind: 'code' | 'text';
  readonly text: string;
}

function describe(name: string, hover: string | null, value: LiveValue | null, detailLevel: number): Part[] {
  const parts = hover === null ? [] : partsOf(hover);
  if (value === null) return parts;
  if (parts.length === 0) parts.push({ kind: 'code', text: `${name}: ${value.type}` });
  // The source of a function says less than its signature, until it is asked for.
  const isWanted = !value.isFunction || hover === null || detailLevel > 0;
  const { text } = value;
  const shown = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  if (isWanted) parts.push({ kind: 'code', text: shown });
  return parts;
}

/** Markdown of the language server → its code blocks and what stands between them. */
function partsOf(markdown: string): Part[] {
  return markdown
    .split(/^```\w*\n([\s\S]*?)\n```$/m)
    .map((text, i): Part => ({ kind: i % 2 === 1 ? 'code' : 'text', text: text.trim() }))
    .filter(({ text }) => text !== '');
}

function found(parts: readonly Part[]): JsonObject {
  const markdown = parts.map(({ kind, text }) => (kind === 'code' ? `\`\`\`ts\n${text}\n\`\`\`` : text));
  return {
    status: 'ok',
    found: true,
    data: {
      'text/plain': parts.map(({ text }) => text).join('\n\n'),
      'text/markdown': markdown.join('\n\n'),
    },
    metadata: {},
  };
}
