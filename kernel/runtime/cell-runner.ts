// Runs cells in the user's thread: compiles, evaluates, shows the result, answers.
import { buildMimeBundle, bundleOf } from './display/mime-bundle.ts';
import type { MimeBundle } from './display/mime-bundle.ts';
import { adjustConsole, usesColours } from './display/text-colours.ts';
import { compileCell } from './cell-compiler.ts';
import type { CompiledCell } from './cell-compiler.ts';
import { CellResources } from './cell-resources.ts';
import { defaultSettings, readCompilerSettings } from './compiler-settings.ts';
import type { CompilerSettings } from './compiler-settings.ts';
import { InterruptError } from './interrupt-error.ts';
import type { CellTests } from './deno/cell-tests.ts';
import type { Completion, Evaluator } from './evaluator.ts';
import { installDebugPoint } from './debug-point.ts';
import { ForeignError } from './foreign-error.ts';
import { readJsxPragma } from './jsx.ts';
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
import { cellMapUrl } from '../protocol/map-urls.ts';
import type { CellPart } from '../protocol/map-urls.ts';
import type { ToUserThread } from '../protocol/thread-messages.ts';
import { Object, noticeReplaced, process, withOriginals } from './primordials.ts';

type Execute = ToUserThread & { type: 'execute' };

/** Runs cells. */
export class CellRunner {
  readonly #evaluator: Evaluator;
  readonly #output: Output;
  readonly #sources = new CellSources();
  readonly #declared = new NotebookNames();
  readonly #resources: CellResources;
  readonly #magics: Magics;
  readonly #tests: CellTests;

  /** @param tests what a cell registers with `Deno.test` */
  constructor(evaluator: Evaluator, output: Output, tests: CellTests) {
    this.#evaluator = evaluator;
    this.#tests = tests;
    this.#output = output;
    this.#resources = new CellResources(evaluator);
    installDebugPoint({ evaluator, sources: this.#sources, names: this.#declared });
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
      noticeReplaced();
      adjustConsole();
      const question = withOriginals(() => parseHelp(cell.code));
      if (question) return await this.#reply(cell, [await this.#page(question)]);
      const file = `cell-${cell.executionCount}.ts`;
      const { value, hasResult } = await this.#magics.run(cell, (code) =>
        this.#evaluate(code, file, cell.code),
      );
      noticeReplaced();
      if (hasResult && value !== undefined && !cell.silent) {
        const bundle = await this.#show(value);
        if (withOriginals(() => Object.keys(bundle.data).length > 0))
          this.#output.publishLast('execute_result', { ...bundle, execution_count: cell.executionCount });
      }
      if (!this.#tests.isEmpty) await this.#evaluator.call(() => this.#tests.run(file));
      return await this.#reply(cell, []);
    } catch (error) {
      const content = await this.#describe(error);
      this.#output.publishLast('error', { ...content });
      return {
        status: 'error',
        execution_count: cell.executionCount,
        ...content,
        payload: [],
        user_expressions: {},
      };
    } finally {
      withOriginals(() => {
        this.#tests.clear();
        this.#output.endCell();
      });
    }
  }

  /** A value without methods of its own runs nothing of the user's: it needs no turn of the event loop. */
  async #show(value: unknown): Promise<MimeBundle> {
    const isPlain = (typeof value !== 'object' && typeof value !== 'function') || value === null;
    if (isPlain) return withOriginals(() => bundleOf(value, usesColours()));
    return await this.#evaluator.call(() => buildMimeBundle(value, usesColours()));
  }

  /** What was thrown may have code of its own that says what it is. */
  async #describe(error: unknown): Promise<ErrorContent> {
    noticeReplaced();
    if (ForeignError.is(error)) return error.content;
    try {
      return await this.#evaluator.call(() => this.#sources.describe(error));
    } catch (second) {
      return this.#sources.describe(second);
    }
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

  /** @param written the cell as the client sent it; null of what is no cell */
  async #evaluate(
    code: string,
    file: string,
    written: string | null = null,
  ): Promise<{ value: unknown; hasResult: boolean }> {
    if (code.trim() === '') return { value: undefined, hasResult: false };
    const { compiled, number } = withOriginals(() => {
      const { constants } = this.#declared;
      const made = compileCell(code, file, { names: this.#declared, constants }, this.#settingsFor(code));
      return { compiled: made, number: this.#sources.add(file, { source: code, written, maps: made.maps }) };
    });
    const shadowed = this.#evaluator.claim(compiled.names);
    try {
      const { value } = await this.#runScripts(compiled, file, written === null ? null : number);
      return { value, hasResult: compiled.hasResult };
    } catch (error) {
      await this.#forgetUnset(shadowed);
      throw error;
    }
  }

  /** A pragma holds from its cell on. Most cells have neither JSX nor decorators: their project is not asked. */
  #settingsFor(code: string): CompilerSettings {
    const jsx = (this.#declared.jsx = readJsxPragma(code) ?? this.#declared.jsx);
    const settings = /[@<]/.test(code) ? readCompilerSettings(process.cwd()) : defaultSettings;
    return { ...settings, jsx: jsx ?? settings.jsx };
  }

  async #runScripts(compiled: CompiledCell, file: string, number: number | null): Promise<Completion> {
    const run = (script: string, part: CellPart): Promise<Completion> =>
      this.#evaluator.evaluate(script, file, number === null ? undefined : cellMapUrl(number, part));
    const preamble = await this.#preambleOf(compiled);
    if (preamble) await this.#evaluator.evaluate(preamble, file);
    if (compiled.imports !== null) await run(compiled.imports, 'imports');
    withOriginals(() => this.#declared.declare(compiled.names, compiled.constants));
    if (compiled.hoisted !== null) await run(compiled.hoisted, 'functions');
    return await this.#resources.within(compiled.resources, () => run(compiled.body, 'body'));
  }

  /** A cell that failed before it set such names leaves the globals under them. */
  async #forgetUnset(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at++) {
      const name = names[at]!;
      if (await this.#isSet(name)) continue;
      this.#evaluator.forget([name]);
      this.#declared.delete(name);
    }
  }

  async #isSet(name: string): Promise<boolean> {
    try {
      await this.#evaluator.evaluate(`void ${name}`, 'kernel.ts');
      return true;
    } catch {
      return false;
    }
  }

  /** Declares what the cell's `var` need; V8 tells which of them are there. */
  async #preambleOf({ vars, fresh }: CompiledCell): Promise<string> {
    if (vars.length === 0) return '';
    const known = await this.#evaluator.lexicalNames();
    return withOriginals(() => {
      const isThere = (name: string): boolean => known.has(this.#evaluator.scopeName(name));
      const missing = vars.filter((name) => !isThere(name) || fresh.includes(name));
      return missing.length > 0 ? `let ${missing.join(', ')};` : '';
    });
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
