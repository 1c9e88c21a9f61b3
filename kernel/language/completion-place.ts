// Where a cursor stands: what is to be completed, and of what. Parses text, knows no values or types.

/** Offsets count UTF-16 units. */
export interface CompletionPlace {
  readonly kind: 'name' | 'member' | 'key' | 'module';
  /** Expression whose members or keys are wanted; null for names and modules. */
  readonly base: string | null;
  /** What is typed already; candidates start with it. */
  readonly prefix: string;
  /** Where the prefix begins. */
  readonly start: number;
}

const CHAIN =
  /(?:[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\[(?:\d+|"[^"\n]*"|'[^'\n]*')\])*\??\.)*[\p{ID_Start}$_]?[\p{ID_Continue}$]*$/u;
const KEY =
  /((?:[\p{ID_Start}$_][\p{ID_Continue}$]*\.)*[\p{ID_Start}$_][\p{ID_Continue}$]*)(?:\?\.)?\[\s*(["'`])((?:(?!\2)[^\n])*)$/u;
const MODULE = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*(["'])([^"'\n]*)$/;

/** Reads what stands before an offset. */
export function readCompletionPlace(code: string, offset: number): CompletionPlace {
  const before = code.slice(0, offset);
  const specifier = MODULE.exec(before)?.[2];
  if (specifier !== undefined) {
    const prefix = specifier.startsWith('.') ? specifier.slice(specifier.lastIndexOf('/') + 1) : specifier;
    return { kind: 'module', base: null, prefix, start: offset - prefix.length };
  }
  const key = KEY.exec(before);
  if (key) return { kind: 'key', base: key[1]!, prefix: key[3]!, start: offset - key[3]!.length };
  const chain = CHAIN.exec(before)?.[0] ?? '';
  const dot = chain.lastIndexOf('.');
  const prefix = chain.slice(dot + 1);
  const start = offset - prefix.length;
  if (dot >= 0) return { kind: 'member', base: chain.slice(0, dot).replace(/\?$/, ''), prefix, start };
  // `f().` has members, but to find its value means to run it: only types know.
  if (before[start - 1] === '.') return { kind: 'member', base: null, prefix, start };
  return { kind: 'name', base: null, prefix, start };
}

/** The object path around an offset; empty when there is none. */
export function readNameAt(code: string, offset: number): string {
  const tail = /^[\p{ID_Continue}$]*/u.exec(code.slice(offset))![0];
  return CHAIN.exec(code.slice(0, offset) + tail)?.[0] ?? '';
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
