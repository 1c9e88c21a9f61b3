// What the text of a statement is: its template, whether it only reads. Texts come again, so the last ones are kept.
import { classifyStatement } from './statement-class.ts';
import type { StatementClass } from './statement-class.ts';
import { parseSqlTemplate } from './sql-template.ts';
import type { SqlTemplate } from './sql-template.ts';

/** A statement that was read. */
export interface ReadStatement {
  /** Null for text that cannot be read. */
  readonly template: SqlTemplate | null;
  readonly class: StatementClass;
}

const MOST_TEXTS = 2000;
/** Longer ones (lists of thousands of rows) are read each time. */
const LONGEST_TEXT = 20_000;

/** Reads statements, from memory when they were read lately. */
export class StatementCache {
  readonly #byText = new Map<string, ReadStatement>();

  read(sql: string): ReadStatement {
    const held = this.#byText.get(sql);
    if (held) return held;
    const template = parseSqlTemplate(sql);
    const statement: ReadStatement = {
      template,
      class: template ? classifyStatement(template.tokens) : { reads: false, why: 'unreadable' },
    };
    if (sql.length <= LONGEST_TEXT) this.#keep(sql, statement);
    return statement;
  }

  #keep(sql: string, statement: ReadStatement): void {
    if (this.#byText.size >= MOST_TEXTS) this.#byText.delete(this.#byText.keys().next().value!);
    this.#byText.set(sql, statement);
  }
}
