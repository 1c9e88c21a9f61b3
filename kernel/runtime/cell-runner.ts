// Runs cells in the user's thread: compiles, evaluates, shows the result, answers.
import { buildMimeBundle } from './display/mime-bundle.ts';
import { usesColours } from './display/text-colours.ts';
import { compileCell } from './cell-compiler.ts';
import type { CompiledCell } from './cell-compiler.ts';
import { CellResources } from './cell-resources.ts';
import { InterruptError } from './evaluator.ts';
import type { Evaluator } from './evaluator.ts';
import { ForeignError } from './foreign-error.ts';
import { parseHelp } from './magics/help-syntax.ts';
import type { HelpQuestion } from './magics/help-syntax.ts';
import { describeForHelp } from './magics/help-text.ts';
import { renderMagics } from './magics/magic-list.ts';
import { Magics } from './magics/magics.ts';
import { NotebookNames } from './notebook-names.ts';
import type { Output } from './output.ts';
import { writeStacks } from './stack-frames.ts';
import { CellSources } from './traceback.ts';
import type { ErrorContent } from './traceback.ts';
import type { ToUserThread } from '../protocol/thread-messages.ts';

type Execute = ToUserThread & { type: 'execute' };

/** Runs cells. */
export class CellRunner {
  readonly #evaluator: Evaluator;
  readonly #output: Output;
  readonly #sources = new CellSources();
  readonly #declared = new NotebookNames();
  readonly #resources: CellResources;
  readonly #magics: Magics;

  constructor(evaluator: Evaluator, output: Output) {
    this.#evaluator = evaluator;
    this.#output = output;
    this.#resources = new CellResources(evaluator);
    writeStacks((file, line, column) => this.#sources.placeOf(file, line, column));
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
      const question = parseHelp(cell.code);
      if (question) return this.#reply(cell, [await this.#page(question)]);
      const file = `cell-${cell.executionCount}.ts`;
      const { value, hasResult } = await this.#magics.run(cell, (code) => this.#evaluate(code, file));
      if (hasResult && value !== undefined && !cell.silent) {
        const bundle = await this.#evaluator.call(() => buildMimeBundle(value, usesColours()));
        if (Object.keys(bundle.data).length > 0)
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
      this.#output.flush();
    }
  }

  /** What was thrown may have code of its own that says what it is. */
  #describe(error: unknown): Promise<ErrorContent> | ErrorContent {
    if (error instanceof ForeignError) return error.content;
    return this.#evaluator
      .call(() => this.#sources.describe(error))
      .catch((second: unknown) => this.#sources.describe(second));
  }

  /** What was thrown, as text with the places in the cells. */
  explain(error: unknown): string {
    const { ename, evalue, traceback } = this.#sources.describe(error);
    return traceback.join('\n').replace(/^Uncaught /, '') || `${ename}: ${evalue}`;
  }

  async #evaluate(code: string, file: string): Promise<{ value: unknown; hasResult: boolean }> {
    if (code.trim() === '') return { value: undefined, hasResult: false };
    const compiled = compileCell(code, file, { names: this.#declared, constants: this.#declared.constants });
    this.#sources.add(file, code, compiled.map);
    const preamble = await this.#preambleOf(compiled);
    if (preamble) await this.#evaluator.evaluate(preamble, file);
    if (compiled.imports !== null) await this.#evaluator.evaluate(compiled.imports, file);
    this.#declared.declare(compiled.names, compiled.constants);
    if (compiled.hoisted !== null) await this.#evaluator.evaluate(compiled.hoisted, file);
    const value = await this.#resources.within(compiled.resources, () =>
      this.#evaluator.evaluate(compiled.body, file),
    );
    return { value, hasResult: compiled.hasResult };
  }

  /** Declares what the cell's `var` need; V8 tells which of them are there. */
  async #preambleOf({ vars, fresh }: CompiledCell): Promise<string> {
    if (vars.length === 0) return '';
    const known = await this.#evaluator.lexicalNames();
    const missing = vars.filter((name) => !known.has(name) || fresh.includes(name));
    return missing.length > 0 ? `let ${missing.join(', ')};` : '';
  }

  async #reply(cell: Execute, payload: object[]): Promise<Record<string, unknown>> {
    const entries = Object.entries(cell.userExpressions).map(
      async ([name, code]): Promise<[string, unknown]> => [name, await this.#userExpression(code)],
    );
    return {
      status: 'ok',
      execution_count: cell.executionCount,
      payload,
      user_expressions: Object.fromEntries(await Promise.all(entries)),
    };
  }

  async #userExpression(code: string): Promise<object> {
    try {
      const { value } = await this.#evaluate(code, 'user-expression.ts');
      return { status: 'ok', ...(await this.#evaluator.call(() => buildMimeBundle(value))) };
    } catch (error) {
      return { status: 'error', ...(await this.#describe(error)) };
    }
  }

  async #page({ subject, wantsSource }: HelpQuestion): Promise<object> {
    const text = subject.startsWith('%') ? renderMagics(subject) : await this.#help(subject, wantsSource);
    return { source: 'page', data: { 'text/plain': text }, start: 0 };
  }

  /** A name that is nowhere is no error, as in IPython. */
  async #help(subject: string, wantsSource: boolean): Promise<string> {
    try {
      const { value } = await this.#evaluate(subject, 'pager.ts');
      return describeForHelp(subject, value, wantsSource);
    } catch (error) {
      if (error instanceof InterruptError) throw error;
      return `Object \`${subject}\` not found.`;
    }
  }
}
