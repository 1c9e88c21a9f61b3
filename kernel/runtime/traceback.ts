// Errors of cells → name, message and traceback lines with the places in the cell.
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import { STRICT } from './cell-compiler.ts';
import { inspectedText } from './display/mime-bundle.ts';
import { originalPlace } from './stack-frames.ts';
import type { SourcePlace } from './stack-frames.ts';

/** An error as the protocol sends it. */
export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** Source and map of the cells that ran. */
export class CellSources {
  readonly #cells = new Map<string, { source: string; map: SourceMap | null }>();

  add(file: string, source: string, map: object | null): void {
    this.#cells.set(file, { source, map: map ? new SourceMap(map as SourceMapPayload) : null });
  }

  /** Builds the error content of anything that was thrown. */
  describe(error: unknown): ErrorContent {
    if (!isErrorLike(error)) {
      const text = inspectedText(error);
      return { ename: 'Error', evalue: text, traceback: [`Uncaught ${text}`] };
    }
    const frames = this.#framesOf(typeof error.stack === 'string' ? error.stack : '');
    const [ename, evalue] = [asText(error.name), asText(error.message)];
    const head = `${ename}: ${evalue}`;
    const cause = error.cause === undefined ? [] : [`  [cause]: ${inspectedText(error.cause)}`];
    return {
      ename,
      evalue,
      traceback: [head, ...frames.lines, ...cause, ...(frames.excerpt ? ['', frames.excerpt] : [])],
    };
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
  placeOf(file: string, line: number, column: number): SourcePlace {
    return originalPlace(this.#cells.get(file)?.map, line, line === 1 ? column - STRICT.length : column);
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

const asText = (value: unknown): string => (typeof value === 'string' ? value : inspectedText(value));

/** User code may put anything into these fields. */
interface ErrorLike {
  readonly name: unknown;
  readonly message: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
}

function isErrorLike(error: unknown): error is ErrorLike {
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error;
}
