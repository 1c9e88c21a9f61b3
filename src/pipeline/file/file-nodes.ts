// The nodes of a YAML text with where they stand, and the mistakes that are found in them, collected.
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { findNearest } from '../../core/index.ts';

/** One entry of a mapping. */
export interface FileEntry {
  readonly key: Node;
  readonly value: Node | null;
}

export type FileMap = ReadonlyMap<string, FileEntry>;

/** A mistake and where it is: line and column from 1. */
export interface FileProblem {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** A YAML text that is being read. */
export class FileNodes {
  readonly root: Node | null;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  readonly #problems: FileProblem[] = [];

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.root = this.#document.contents;
    for (const { pos, message } of [...this.#document.errors, ...this.#document.warnings]) {
      this.#note(pos[0], `${message.split('\n')[0]}${hintAt(text, pos[0])}`);
    }
  }

  /** In the order of the text. */
  get problems(): readonly FileProblem[] {
    return this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  /** Notes a mistake at a node; without one, at the beginning. */
  note(node: Node | null, text: string): void {
    this.#note(node?.range?.[0] ?? 0, text);
  }

  #note(offset: number, text: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#problems.push({ line: Math.max(1, line), column: Math.max(1, col), text });
  }

  /** Line and column of a node. */
  placeOf(node: Node | null): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(node?.range?.[0] ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** What a node stands for: an alias its anchor. */
  resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }

  /** A mapping of known keys, or of any when none are told; null with a note when it is none. */
  readMap(
    node: Node | null,
    what: string,
    known?: readonly string[],
    at: Node | null = node,
  ): FileMap | null {
    const found = this.resolve(node);
    if (!isMap(found)) {
      const wanted = known
        ? `, wanted ${listKnown(
            known.map((key) => `${key}:`),
            ' ',
          )}`
        : ', wanted names with a value each';
      this.note(node ?? at, `${what} is ${describeNode(found)}${wanted}`);
      return null;
    }
    const entries = (found.items as Pair<Node, Node | null>[]).map(({ key, value }): [string, FileEntry] => [
      isScalar(key) ? String(key.value) : '',
      { key, value: isScalar(value) && value.value === null ? null : value },
    ]);
    for (const [name, { key }] of entries)
      if (known && !known.includes(name)) this.#noteUnknown(what, name, key, known);
    return new Map(entries);
  }

  #noteUnknown(what: string, name: string, key: Node, known: readonly string[]): void {
    const nearest = findNearest(name, known);
    const wanted = nearest === null ? `wanted ${listKnown(known, ', ')}` : `did you mean ${nearest}?`;
    this.note(key, `${what} has no "${name}", ${wanted}`);
  }

  /** The items of a list; one that is none counts as a list of it. */
  readList(node: Node | null): readonly Node[] {
    const found = this.resolve(node);
    if (found === null) return [];
    return isSeq(found) ? (found.items as Node[]) : [found];
  }
}

/** Some forty keys would hide the line that is wrong. */
function listKnown(known: readonly string[], joint: string): string {
  if (known.length <= MAX_LISTED) return known.join(joint);
  return `${known.slice(0, 5).join(joint)} or one of ${known.length - 5} others`;
}

const MAX_LISTED = 20;

/** The one trap of variables: inside `[ ]` and `{ }` their braces are YAML's own. */
function hintAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n', 1)[0]!;
  return /[[{].*\$\{/.test(line) ? '; put quotes around a text with ${…} inside [ ] or { }' : '';
}

/** `a list`, `empty`, `the text "x"`. */
export function describeNode(node: Node | null): string {
  if (node === null || (isScalar(node) && node.value === null)) return 'empty';
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node)) return 'something else';
  const text = JSON.stringify(node.value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…, ${text.length} characters long` : text;
}

/** Of a text that is not what was wanted: another file, most likely. */
const MAX_SHOWN = 60;
