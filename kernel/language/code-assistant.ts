// Completion and inspection of cells: what types know and what live values know, in one answer. Either may
// fail; the other then answers alone. Runs in the protocol thread and works while a cell spins.
import type { JsonObject } from '../protocol/message.ts';
import { readCompletionPlace, readNameAt, toUtf16 } from './completion-place.ts';
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
  /** Stops what runs in the user's thread; its event loop goes on. */
  terminate(): Promise<void>;
  close(): void;
}

const MOST_CHARACTERS = 2000;

/** Joins both sources. */
export function createCodeAssistant(live: LiveValues, types: TypeService): CodeAssistant {
  return {
    complete: async (code, cursor) => {
      const offset = toUtf16(code, cursor);
      const place = readCompletionPlace(code, offset);
      const [typed, values] = await Promise.all([
        types.complete(code, offset).catch(() => []),
        readLive(live, place).catch(() => []),
      ]);
      return mergeCompletions(code, cursor, place, typed, values);
    },
    inspect: async (code, cursor, detailLevel = 0) => {
      const offset = toUtf16(code, cursor);
      const name = readNameAt(code, offset);
      const [typed, value] = await Promise.all([
        types.hover(code, offset).catch(() => null),
        name === '' ? null : live.read(name.replaceAll('?.', '.')).catch(() => null),
      ]);
      const hover = knowsName(typed, name) ? typed : null;
      if (hover === null && value === null) return inspectCall(types, code, offset);
      return found(describe(name, hover, value, detailLevel));
    },
    terminate: () => live.terminate(),
    close: () => {
      types.close();
      live.close();
    },
  };
}

/** The checker answers `any` for a name it has never seen: that says less than the live value. */
function knowsName(hover: string | null, name: string): boolean {
  return hover !== null && hover.includes(name.split('.').at(-1)!);
}

function readLive(live: LiveValues, { kind, base }: CompletionPlace): Promise<readonly LiveName[]> {
  if (kind === 'name') return live.globals();
  if (base === null) return Promise.resolve([]);
  return kind === 'key' ? live.keys(base) : live.members(base.replaceAll('?.', '.'));
}

/** Between the brackets of a call: its signature. */
async function inspectCall(types: TypeService, code: string, offset: number): Promise<JsonObject> {
  const signature = await types.signature(code, offset).catch(() => null);
  if (signature === null) return { status: 'ok', found: false, data: {}, metadata: {} };
  return found([{ kind: 'code', text: signature }]);
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
