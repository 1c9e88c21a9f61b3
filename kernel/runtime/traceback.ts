// Errors of cells → name, message and traceback lines with the places in the cell.
import { STRICT } from './cell-compiler.ts';
import { inspectedText } from './display/mime-bundle.ts';
import { Map, Number, String, Math, noticeReplaced, withOriginals } from './primordials.ts';
import { originalPlace } from './stack-frames.ts';
import type { StackPlace } from './stack-frames.ts';
import { readThrown } from './thrown-error.ts';
import type { ThrownError } from './thrown-error.ts';

/** Errors that an error names and causes of causes that are shown. */
const MOST_ERRORS = 10;
const MOST_LEVELS = 4;

const headOf = ({ name, message }: ThrownError): string => (message === '' ? name : `${name}: ${message}`);

/** An error as the protocol sends it. */
export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A cell that ran. */
export interface CellSource {
  readonly source: string;
  /** The cell as the client sent it, which tells debuggers which one it is; null of what is no cell. */
  readonly written: string | null;
  /** From the cell's scripts back to it, one after the other. */
  readonly maps: readonly object[];
}

/** Source and maps of the cells that ran. */
export class CellSources {
  readonly #cells = new Map<string, CellSource>();
  /** All of them: two cells may have one file name. */
  readonly #compiled: CellSource[] = [];

  /** @returns the number under which {@link at} has it */
  add(file: string, cell: CellSource): number {
    this.#cells.set(file, cell);
    this.#compiled[this.#compiled.length] = cell;
    return this.#compiled.length - 1;
  }

  at(number: number): CellSource | undefined {
    return this.#compiled[number];
  }

  /** Builds the error content of anything that was thrown. Never throws, whatever the value does when it is read. */
  describe(error: unknown): ErrorContent {
    noticeReplaced();
    return withOriginals(() => {
      try {
        return this.#describe(error);
      } catch {
        const text = inspectedText(error);
        return { ename: 'Error', evalue: text, traceback: [`Uncaught ${text}`] };
      }
    });
  }

  #describe(error: unknown): ErrorContent {
    const thrown = readThrown(error);
    if (thrown === null) {
      const text = inspectedText(error);
      return { ename: 'Error', evalue: text, traceback: [`Uncaught ${text}`] };
    }
    const frames = this.#framesOf(thrown.stack);
    const lines = [headOf(thrown), ...frames.lines, ...this.#partsOf(thrown, [error])];
    return {
      ename: thrown.name,
      evalue: thrown.message,
      traceback: [...lines, ...(frames.excerpt ? ['', frames.excerpt] : [])],
    };
  }

  /** What an error carries besides its message: causes and the errors it stands for, each with its places. */
  #partsOf(thrown: ThrownError, above: readonly unknown[]): string[] {
    const parts = thrown.inner
      .slice(0, MOST_ERRORS)
      .flatMap(({ label, value }) => [
        `  [${label}]: ${this.#nestedLines(value, above).join('\n  ')}`.split('\n'),
      ]);
    const left = thrown.inner.length - MOST_ERRORS;
    return [
      ...parts.flat(),
      ...(left > 0 ? [`  … ${left} more`] : []),
      ...thrown.fields.map(([name, value]) => `  ${name}: ${inspectedText(value).replaceAll('\n', '\n  ')}`),
    ];
  }

  #nestedLines(value: unknown, above: readonly unknown[]): string[] {
    if (above.includes(value)) return ['(circular)'];
    const thrown = readThrown(value);
    if (thrown === null) return [inspectedText(value)];
    if (above.length > MOST_LEVELS) return [headOf(thrown)];
    return [
      headOf(thrown),
      ...this.#framesOf(thrown.stack).lines,
      ...this.#partsOf(thrown, [...above, value]),
    ];
  }

  #framesOf(stack: string): { lines: string[]; excerpt: string | null } {
    const lines: string[] = [];
    let excerpt: string | null = null;
    for (const line of stack.split('\n')) {
      if (!/^\s+at /.test(line)) continue;
      if (/ruvector-kernel-guard|node:inspector|\/kernel\/runtime\/|node:internal\/vm|\bnode:vm\b/.test(line))
        continue;
      const place = /(cell-\d+\.ts):(\d+):(\d+)/.exec(line);
      if (!place) {
        if (!line.includes('node:internal')) lines.push(line);
        continue;
      }
      lines.push(line);
      excerpt ??= this.#excerpt(place[1]!, Number(place[2]));
    }
    return { lines, excerpt };
  }

  /** Where a place of a compiled cell is in the cell. */
  placeOf(file: string, line: number, column: number): StackPlace {
    const maps = this.#cells.get(file)?.maps ?? [];
    return maps.reduce<StackPlace>(originalPlace, {
      line,
      column: line === 1 ? column - STRICT.length : column,
    });
  }

  #excerpt(file: string, line: number): string | null {
    const lines = this.#cells.get(file)?.source.split('\n');
    if (!lines || line > lines.length) return null;
    const from = Math.max(1, line - 2);
    return lines
      .slice(from - 1, line + 1)
      .map((text, i) => `${from + i === line ? '>' : ' '} ${String(from + i).padStart(3)} | ${text}`)
      .join('\n');
  }
}
