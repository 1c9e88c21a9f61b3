// Texts of a release: each different one is resolved once, and rows take theirs from a table of them.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { createValueReader } from '../core/index.ts';
import type { Polars } from '../core/index.ts';
import { buildTable, joinTable, toArrow } from './polars-frame.ts';
import type { AddColumns, Queries } from './polars-frame.ts';

/** How texts are found. */
export interface TextExpressions {
  readonly columns: readonly string[];
  readonly all: Expr;
  /** By column. */
  readonly keys: readonly Expr[];
}

export function buildTextExpressions(polars: Polars, columns: readonly string[]): TextExpressions {
  return {
    columns,
    all: polars.cols([...columns]),
    keys: columns.map((name) => polars.col(name)),
  };
}

/** The texts of some columns. Memory grows with the different ones. */
export class TextTable {
  readonly #polars: Polars;
  readonly #expressions: TextExpressions;
  readonly #resolve: (column: string, text: string) => string;
  readonly #known: ReadonlyMap<string, Map<string, string>>;

  /** @param resolve what becomes of a text of a column; asked once for each */
  constructor(
    polars: Polars,
    expressions: TextExpressions,
    resolve: (column: string, text: string) => string,
  ) {
    this.#polars = polars;
    this.#expressions = expressions;
    this.#resolve = resolve;
    this.#known = new Map(expressions.columns.map((name) => [name, new Map()]));
  }

  /** Takes the next part of the table. */
  *read(frame: LazyDataFrame): Queries {
    const { all, columns } = this.#expressions;
    const found = toArrow(
      yield frame
        .select(all)
        .unpivot([], [...columns])
        .unique(),
    );
    const [names, readText] = [found.getChild('variable')!, createValueReader(found.getChild('value')!)];
    for (let i = 0; i < found.numRows; i++) {
      const [name, text] = [names.get(i) as string, readText(i) as string | null];
      const known = this.#known.get(name)!;
      if (text !== null && !known.has(text)) known.set(text, this.#resolve(name, text));
    }
  }

  /** Adds `released.<column>` to each row, null for null and for a text that was not read. */
  finish(): AddColumns {
    const tables = this.#expressions.columns.map((name) => {
      const known = this.#known.get(name)!;
      return buildTable(this.#polars, [
        { name, type: 'utf8', values: [...known.keys()] },
        { name: `released.${name}`, type: 'utf8', values: [...known.values()] },
      ]);
    });
    const { keys } = this.#expressions;
    return (frame) => tables.reduce((joined, table, i) => joinTable(joined, table, [keys[i]!]), frame);
  }
}
