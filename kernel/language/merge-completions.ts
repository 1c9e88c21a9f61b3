// Candidates of types and of live values → one list as complete_reply wants it.
import type { JsonObject } from '../protocol/message.ts';
import { toCodePoints } from './completion-place.ts';
import type { CompletionPlace } from './completion-place.ts';
import type { LspCompletion } from './lsp-types.ts';

/** A name with its kind, as `_jupyter_types_experimental` names kinds. */
export type LiveName = readonly [name: string, type: string];

/** Names for the language server's numbers of kinds. */
const kinds: Readonly<Record<number, string>> = {
  2: 'function',
  3: 'function',
  4: 'class',
  5: 'property',
  6: 'instance',
  7: 'class',
  8: 'interface',
  9: 'module',
  10: 'property',
  13: 'enum',
  14: 'keyword',
  17: 'path',
  19: 'path',
  20: 'property',
  21: 'instance',
  22: 'class',
  25: 'type',
};

/**
 * Builds the content of complete_reply: what types say comes with their kind, live values add what types do
 * not know. Sorted by name.
 */
export function mergeCompletions(
  code: string,
  cursor: number,
  place: CompletionPlace,
  typed: readonly LspCompletion[],
  live: readonly LiveName[],
): JsonObject {
  const found = new Map<string, string>();
  const add = (name: string, type: string): void => {
    if (found.has(name) || !name.startsWith(place.prefix)) return;
    if (name.startsWith('__') && !place.prefix.startsWith('_')) return;
    if ((place.kind === 'name' || place.kind === 'member') && !isIdentifier(name)) return;
    found.set(name, type);
  };
  const isLive = new Set(live.map(([name]) => name));
  for (const { label, kind } of typed) {
    const name = label.replace(/\?$/, '');
    // The checker knows the browser's names too: outside of members, only what exists or is typed here counts.
    if (place.kind === 'name' && live.length > 0 && !isLive.has(name) && !isWritten(code, name)) continue;
    add(name, kinds[kind ?? 0] ?? 'instance');
  }
  for (const [name, type] of live) add(name, type);
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const start = toCodePoints(code, place.start);
  const types = sorted.map(([text, type]) => ({ text, type, start, end: cursor }));
  return {
    status: 'ok',
    matches: sorted.map(([name]) => name),
    cursor_start: start,
    cursor_end: cursor,
    metadata: { _jupyter_types_experimental: types },
  };
}

const isWritten = (code: string, name: string): boolean => code.split(/[^\p{ID_Continue}$]+/u).includes(name);

const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
