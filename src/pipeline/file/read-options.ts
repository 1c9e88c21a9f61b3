// Values of options as a YAML file has them: `10s` for a time, one name for a list of one, text where a variable was.
import { isMap, isScalar, isSeq } from 'yaml';
import type { Node, Scalar } from 'yaml';
import type { OptionEntry } from '../../core/index.ts';
import type { FileNodes } from './file-nodes.ts';
import { fillVariables } from './file-variables.ts';
import type { Variables } from './file-variables.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads nodes as the values that a table of options wants; whether they fit is checked by the table. */
export class OptionReader {
  readonly #nodes: FileNodes;
  readonly #variables: Variables;

  constructor(nodes: FileNodes, variables: Variables) {
    this.#nodes = nodes;
    this.#variables = variables;
  }

  /** A text with its variables; undefined with a note when it is none. */
  readText(node: Node | null, what: string): string | undefined {
    const found = this.#nodes.resolve(node);
    if (isScalar(found) && found.value !== null) return this.#fill(found).text;
    this.#nodes.note(node, `${what} is ${found === null ? 'empty' : 'not a text'}, wanted a text`);
    return undefined;
  }

  /** The value of an option. */
  read(node: Node | null, entry: OptionEntry): unknown {
    const found = this.#nodes.resolve(node);
    switch (entry.type) {
      case 'names':
        return this.#readNames(found, entry);
      case 'numbers':
        return this.#readNumbers(found);
      case 'mapping':
      case 'window':
        return isMap(found) ? this.#readMapping(found) : this.#readPlain(found);
      default:
        return isScalar(found) ? this.#readScalar(found, entry) : this.#readPlain(found);
    }
  }

  #readNames(node: Node | null, { words = [] }: OptionEntry): unknown {
    if (!isScalar(node))
      return this.#itemsOf(node)?.map((item) => this.#readWord(item)) ?? this.#readPlain(node);
    const { text, isFilled } = this.#fill(node);
    if (words.includes(text)) return text;
    return isFilled ? text.split(',').map((name) => name.trim()) : [text];
  }

  #readWord(node: Node | null): unknown {
    return isScalar(node) ? this.#fill(node).text : this.#readPlain(node);
  }

  #readNumbers(node: Node | null): unknown {
    const toNumber = (item: Node | null): unknown =>
      isScalar(item)
        ? this.#readScalar(item, { type: 'number', about: '', example: 0 })
        : this.#readPlain(item);
    if (!isScalar(node)) return this.#itemsOf(node)?.map(toNumber) ?? this.#readPlain(node);
    const { text, isFilled } = this.#fill(node);
    return isFilled ? text.split(',').map(Number) : [toNumber(node)];
  }

  #readMapping(node: Node): unknown {
    const map = this.#nodes.readMap(node, 'it');
    const values = [...(map ?? [])].map(([name, { value }]) => {
      const found = this.#nodes.resolve(value);
      return [
        name,
        isScalar(found) ? this.#readScalar(found, { type: 'scalar', about: '', example: '' }) : null,
      ];
    });
    return Object.fromEntries(values) as unknown;
  }

  #readScalar(node: Scalar, { type, unit }: OptionEntry): unknown {
    const { text, isFilled } = this.#fill(node);
    if (type === 'text' || type === 'choice') return text;
    if (unit === 'ms') return readDuration(text);
    if (!isFilled) return node.value;
    if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  }

  /** What is no value of this kind, for the error that says so. */
  #readPlain(node: Node | null): unknown {
    return node === null ? null : (node.toJSON() as unknown);
  }

  #itemsOf(node: Node | null): (Node | null)[] | null {
    return isSeq(node) ? (node.items as Node[]).map((item) => this.#nodes.resolve(item)) : null;
  }

  /** As it was written: `007` is a text where a text is wanted. */
  #fill(node: Scalar): { readonly text: string; readonly isFilled: boolean } {
    const written = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    const { text, isFilled, missing } = fillVariables(written, this.#variables);
    for (const name of missing) {
      this.#nodes.note(
        node,
        `variable "${name}" has no value; give it with --set ${name}=… or in the environment`,
      );
    }
    return { text, isFilled };
  }
}

/** `10s` → 10000; a bare number is milliseconds, as the option's name says. */
function readDuration(text: string): unknown {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  return match ? Number(match[1]) * unitMs[match[2] ?? 'ms']! : text;
}
