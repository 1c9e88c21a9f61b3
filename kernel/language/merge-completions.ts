// Candidates of types and of live values → one list as complete_reply wants it.
import type { JsonObject } from '../protocol/message.ts';
import { toCodePoints } from './completion-place.ts';
import type { CompletionPlace } from './completion-place.ts';
import type { LspCompletion } from './lsp-types.ts';
import { isField } from './type-service.ts';

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

/** What every object has: last of all members. */
const ofEveryObject: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Builds the content of complete_reply: what types say comes with their kind, live values add what types do
 * not know. Options of a call come first, then what the notebook itself has made: columns, its names; then by name.
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
  const kindOf = new Map(live);
  const written = place.kind === 'name' ? wordsOf(code) : new Set<string>();
  // What the object that a name stands in may hold; what a cell has under such a name is another thing.
  const options = new Set(place.kind === 'name' ? typed.filter(isField).map(nameOf) : []);
  for (const candidate of candidatesFor(place, typed, live)) {
    const { kind } = candidate;
    const name = nameOf(candidate);
    // The checker knows names that only types have: outside of members, only what exists or is typed here counts.
    const isThere = live.length === 0 || kindOf.has(name) || written.has(name) || options.has(name);
    if (place.kind === 'name' && !isThere) continue;
    add(name, kindOf.get(name) === 'column' ? 'column' : (kinds[kind ?? 0] ?? 'instance'));
  }
  for (const [name, type] of live) add(name, type);
  const rankOfOther = buildRank(place, kindOf, written);
  const rankOf: RankOf = (name, type) => (options.has(name) ? -1 : rankOfOther(name, type));
  const sorted = [...found]
    .map(([name, type]) => ({ name, type, rank: rankOf(name, type), key: name.toLowerCase() }))
    .toSorted((a, b) => a.rank - b.rank || compare(a.key, b.key) || compare(a.name, b.name));
  const start = toCodePoints(code, place.start);
  const types = sorted.map(({ name, type }) => ({
    text: name,
    type: type === 'column' ? 'property' : type,
    start,
    end: cursor,
  }));
  return {
    status: 'ok',
    matches: sorted.map(({ name }) => name),
    cursor_start: start,
    cursor_end: cursor,
    metadata: { _jupyter_types_experimental: types },
  };
}

/** What types say of a place, without what does not belong there. */
function candidatesFor(
  { kind }: CompletionPlace,
  typed: readonly LspCompletion[],
  live: readonly LiveName[],
): readonly LspCompletion[] {
  // In the brackets of a table stand columns: its type tells only what a dot leads to, and when it is there.
  if (kind === 'key' && live.some(([, type]) => type === 'column')) return [];
  // Symbols are members that no dot leads to.
  return kind === 'member' ? typed.filter(({ insertText }) => !insertText?.startsWith('[')) : typed;
}

type RankOf = (name: string, type: string) => number;

function buildRank(
  { kind }: CompletionPlace,
  kindOf: ReadonlyMap<string, string>,
  written: ReadonlySet<string>,
): RankOf {
  if (kind === 'name') {
    return (name, type) =>
      kindOf.get(name) === 'instance' || (written.has(name) && !kindOf.has(name))
        ? 0
        : type === 'keyword'
          ? 2
          : 1;
  }
  return (name, type) =>
    type === 'column' ? 0 : name.startsWith('_') ? 2 : kind === 'member' && ofEveryObject.has(name) ? 3 : 1;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const nameOf = ({ label }: LspCompletion): string => unquote(label.replace(/\?$/, ''));

/** Literals of types come as they are written. */
const unquote = (label: string): string => /^(["'`])(.*)\1$/.exec(label)?.[2] ?? label;

const wordsOf = (code: string): ReadonlySet<string> => new Set(code.split(/[^\p{ID_Continue}$]+/u));

const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
