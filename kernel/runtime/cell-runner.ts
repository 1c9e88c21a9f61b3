// Runs cells in the user's thread: compiles, evaluates, shows the result, answers.
import { buildMimeBundle, inspectedText } from './display/mime-bundle.ts';
import { compileCell } from './cell-compiler.ts';
import type { Evaluator } from './evaluator.ts';
import { ForeignError } from './foreign-error.ts';
import { Magics } from './magics/magics.ts';
import type { Output } from './output.ts';
import { CellSources } from './traceback.ts';
import type { ErrorContent } from './traceback.ts';
import type { ToUserThread } from '../protocol/thread-messages.ts';
import { Object, Set, String, noticeReplaced, withOriginals } from './primordials.ts';

type Execute = ToUserThread & { type: 'execute' };

/** Runs cells. */
export class CellRunner {
  readonly #evaluator: Evaluator;
  readonly #output: Output;
  readonly #sources = new CellSources();
  readonly #declared = new Set<string>();
  readonly #magics: Magics;

  constructor(evaluator: Evaluator, output: Output) {
    this.#evaluator = evaluator;
    this.#output = output;
    this.#magics = new Magics({
      evaluator,
      output,
      names: this.#declared,
      evaluate: (code) => this.#evaluate(code, 'magic.ts'),
    });
  }

  /** Runs a cell and returns the content of its reply; never rejects. */
  async run(cell: Execute): Promise<Record<string, unknown>> {
    try {
      noticeReplaced();
      const pager = withOriginals(() => readPager(cell.code));
      if (pager !== null) return this.#reply(cell, [await this.#page(pager)]);
      const file = `cell-${cell.executionCount}.ts`;
      const { value, hasResult } = await this.#magics.run(cell, (code) => this.#evaluate(code, file));
      if (hasResult && value !== undefined && !cell.silent) {
        const bundle = await this.#evaluator.call(() => buildMimeBundle(value));
        if (withOriginals(() => Object.keys(bundle.data).length > 0))
          this.#output.publish('execute_result', { ...bundle, execution_count: cell.executionCount });
      }
      return this.#reply(cell, []);
    } catch (error) {
      const content = await this.#describe(error);
      this.#output.publish('error', { ...content });
      return {
        status: 'error',
        execution_count: cell.executionCount,
        ...content,
        payload: [],
        user_expressions: {},
      };
    } finally {
      this.#output.endCell();
    }
  }

  /** What was thrown may have code of its own that says what it is. */
  #describe(error: unknown): Promise<ErrorContent> | ErrorContent {
    if (ForeignError.is(error)) return error.content;
    return this.#evaluator
      .call(() => this.#sources.describe(error))
      .catch((second: unknown) => this.#sources.describe(second));
  }

  /** What was thrown, outside of a cell: the content of an error message. */
  describe(error: unknown): ErrorContent {
    return ForeignError.is(error) ? error.content : this.#sources.describe(error);
  }

  /** What was thrown, as text with the places in the cells. */
  explain(error: unknown): string {
    const { ename, evalue, traceback } = this.describe(error);
    const text = withOriginals(() => traceback.join('\n').replace(/^Uncaught /, ''));
    return text || `${ename}: ${evalue}`;
  }

  async #evaluate(code: string, file: string): Promise<{ value: unknown; hasResult: boolean }> {
    if (code.trim() === '') return { value: undefined, hasResult: false };
    const compiled = withOriginals(() => {
      const made = compileCell(code, file);
      this.#sources.add(file, code, made.map);
      return made;
    });
    const preamble = withOriginals(() => {
      const missing = compiled.vars.filter((name) => !this.#declared.has(name));
      return missing.length > 0 ? `let ${missing.join(', ')};` : '';
    });
    const shadowed = this.#evaluator.declare(compiled.names);
    try {
      if (preamble) await this.#evaluator.evaluate(preamble, file);
      for (const name of compiled.names) this.#declared.add(name);
      if (compiled.hoisted !== null) await this.#evaluator.evaluate(compiled.hoisted, file);
      const { value } = await this.#evaluator.evaluate(compiled.body, file);
      return { value, hasResult: compiled.hasResult };
    } catch (error) {
      await this.#forgetUnset(shadowed);
      throw error;
    }
  }

  /** A cell that failed before it set such names leaves the globals under them. */
  async #forgetUnset(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const isSet = await this.#evaluator.evaluate(`void ${name}`, 'kernel.ts').then(
        () => true,
        () => false,
      );
      if (!isSet) this.#evaluator.forget([name]);
    }
  }

  async #reply(cell: Execute, payload: object[]): Promise<Record<string, unknown>> {
    const answers: Record<string, unknown> = {};
    for (const name in cell.userExpressions) {
      answers[name] = await this.#userExpression(cell.userExpressions[name]!);
    }
    return { status: 'ok', execution_count: cell.executionCount, payload, user_expressions: answers };
  }

  async #userExpression(code: string): Promise<object> {
    try {
      const { value } = await this.#evaluate(code, 'user-expression.ts');
      return { status: 'ok', ...(await this.#evaluator.call(() => buildMimeBundle(value))) };
    } catch (error) {
      return { status: 'error', ...(await this.#describe(error)) };
    }
  }

  async #page(expression: string): Promise<object> {
    const { value } = await this.#evaluate(expression, 'pager.ts');
    const text =
      typeof value === 'function' ? `${inspectedText(value)}\n${String(value)}` : inspectedText(value);
    return { source: 'page', data: { 'text/plain': `${expression}: ${typeof value}\n${text}` }, start: 0 };
  }
}

/** `?name` or `name?` asks for help on a name. */
function readPager(code: string): string | null {
  const match = /^\s*(?:\?\s*([\w$.]+)|([\w$.]+)\s*\?)\s*$/.exec(code);
  return match ? (match[1] ?? match[2])! : null;
}
