// Where a cursor stands: what is to be completed, and of what. Parses text, knows no values or types.
import { readOpenText } from '../runtime/open-text.ts';

/** Offsets count UTF-16 units. */
export interface CompletionPlace {
  /** `text`: inside a string; `path`: a file's; `folder`: a folder's; `nothing`: in comments and in cells of other languages. */
  readonly kind: 'name' | 'member' | 'key' | 'module' | 'text' | 'path' | 'folder' | 'magic' | 'nothing';
  /** Expression whose members or keys are wanted, or the folder of a path; null where there is none. */
  readonly base: string | null;
  /** What is typed already; candidates start with it. */
  readonly prefix: string;
  /** Where the prefix begins. */
  readonly start: number;
  /** Of a text: expressions around it whose columns it may name, the likeliest first. */
  readonly around: readonly string[];
}

const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const INDEX = String.raw`\[(?:\d+|[\w$.]+|"[^"\n]*"|'[^'\n]*')\]`;
const CHAIN = new RegExp(
  String.raw`(?:${NAME}(?:\??\.?${INDEX})*\??\.)*[\p{ID_Start}$_]?[\p{ID_Continue}$]*$`,
  'u',
);
const KEY = new RegExp(
  String.raw`(${NAME}(?:\.${NAME}|${INDEX})*)(?:\?\.)?\[\s*(["'${'`'}])((?:(?!\2)[^\n])*)$`,
  'u',
);
const MODULE = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*(["'])([^"'\n]*)$/;
const MAGIC = /^(%{1,2}\w*)$/;
const CD = /^%cd[ \t]+(.*)$/;
const PATH = /^(?:\.{0,2}|~)\//;
const FOREIGN = /^\s*%%(?!time\b|timeit\b)\w/;

/** Reads what stands before an offset. */
export function readCompletionPlace(code: string, offset: number): CompletionPlace {
  const before = code.slice(0, offset);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  const isFirstLine = before.trimStart() === line.trimStart();
  const place = (
    kind: CompletionPlace['kind'],
    prefix: string,
    base: string | null = null,
  ): CompletionPlace => ({
    kind,
    base,
    prefix,
    start: offset - prefix.length,
    around: [],
  });
  const folder = CD.exec(line)?.[1];
  if (folder !== undefined) return placePath(place, 'folder', folder);
  const magic = MAGIC.exec(line)?.[1];
  if (magic !== undefined && (isFirstLine || !magic.startsWith('%%'))) return place('magic', magic);
  if (FOREIGN.test(code) || /^[%!]/.test(line)) return place('nothing', '');
  const specifier = MODULE.exec(before)?.[2];
  if (specifier !== undefined) {
    const prefix = specifier.startsWith('.') ? specifier.slice(specifier.lastIndexOf('/') + 1) : specifier;
    return place('module', prefix);
  }
  const key = KEY.exec(before);
  if (key) return place('key', key[3]!, key[1]);
  const scanned = before.replace(/^[%!].*/gm, (magicLine) => ' '.repeat(magicLine.length));
  const open = readOpenText(scanned);
  if (open.kind === 'comment') return place('nothing', '');
  if (open.kind === 'string') {
    const text = before.slice(open.start);
    if (PATH.test(text)) return placePath(place, 'path', text);
    return { ...place('text', text), around: readAround(before, open.start, open.brackets) };
  }
  return placeChain(place, before);
}

type Place = (kind: CompletionPlace['kind'], prefix: string, base?: string | null) => CompletionPlace;

function placePath(place: Place, kind: 'path' | 'folder', path: string): CompletionPlace {
  const slash = path.lastIndexOf('/') + 1;
  return place(kind, path.slice(slash), path.slice(0, slash));
}

function placeChain(place: Place, before: string): CompletionPlace {
  const chain = CHAIN.exec(before)?.[0] ?? '';
  const dot = chain.lastIndexOf('.');
  const prefix = chain.slice(dot + 1);
  if (dot >= 0) return place('member', prefix, chain.slice(0, dot).replace(/\?$/, ''));
  // `f().` has members, but to find its value means to run it: only types know.
  return place(before.at(-1 - prefix.length) === '.' ? 'member' : 'name', prefix);
}

const MOST_AROUND = 5;
const REACH = 400;

/** `df` in `df.filter(pl.col("`: of the calls around the text, then of what the statement is about. */
function readAround(before: string, start: number, brackets: readonly number[]): string[] {
  const callees = brackets
    .filter((at) => before[at] === '(')
    .toReversed()
    .map((at) => CHAIN.exec(before.slice(0, at))?.[0] ?? '');
  const objects = callees.map((callee) => callee.slice(0, Math.max(0, callee.lastIndexOf('.'))));
  const roots = [...before.slice(Math.max(0, start - REACH), start).matchAll(ROOT)].map(([, root]) => root!);
  return [...new Set([...objects, ...roots.toReversed()])].filter((one) => one !== '').slice(0, MOST_AROUND);
}

const ROOT = new RegExp(String.raw`(?<![\p{ID_Continue}$.])(${NAME})\s*\.`, 'gu');

/** The object path around an offset; empty when there is none. */
export function readNameAt(code: string, offset: number): string {
  const tail = /^[\p{ID_Continue}$]*/u.exec(code.slice(offset))![0];
  return CHAIN.exec(code.slice(0, offset) + tail)?.[0] ?? '';
}

/** Behind the bracket of a call that follows the name around an offset; null where no call does. */
export function readCallAfter(code: string, offset: number): number | null {
  const tail = /^[\p{ID_Continue}$]*\(/u.exec(code.slice(offset));
  return tail === null ? null : offset + tail[0].length;
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '`': '`' };

/**
 * A cell in which what is open at an offset is closed right there, unless the cell closes it: nothing is known of
 * the types in an object or call without an end.
 */
export function closeOpenCode(code: string, offset: number): string {
  const before = readOpenText(code.slice(0, offset));
  const after = readOpenText(code);
  const unclosed = new Set(after.brackets);
  const brackets = before.brackets.filter((at) => unclosed.has(at)).toReversed();
  const isOpenString = before.kind === 'string' && after.kind === 'string' && before.start === after.start;
  const quote = isOpenString ? code[before.start - 1] : '';
  const closing = `${quote}${brackets.map((at) => closers[code[at]!] ?? '').join('')}`;
  return code.slice(0, offset) + closing + code.slice(offset);
}

/** Where the braces begin that an offset stands directly in; null where it stands in none. */
export function readObjectStart(code: string, offset: number): number | null {
  const at = readOpenText(code.slice(0, offset)).brackets.at(-1);
  return at !== undefined && code[at] === '{' ? at : null;
}

/** Cursor positions of the protocol count code points, JavaScript counts UTF-16 units. */
export function toUtf16(code: string, codePoints: number): number {
  let units = 0;
  let seen = 0;
  for (const character of code) {
    if (seen++ >= codePoints) break;
    units += character.length;
  }
  return units;
}

/** The other way. */
export function toCodePoints(code: string, offset: number): number {
  return Array.from(code.slice(0, offset)).length;
}
