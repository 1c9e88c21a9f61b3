// `Deno.test` in cells (https://docs.deno.com/api/deno/~/Deno.test): what a cell registers runs when the cell has ended,
// and a report is written below it. A test that fails does not fail the cell.
import type { Output } from '../output.ts';
import { Math, Object, TypeError, performance } from '../primordials.ts';

/** What a test is called with. */
export interface TestContext {
  readonly name: string;
  readonly origin: string;
  /** Runs a part of the test. Resolves to false when it failed; the test fails then too. */
  step(named: string | TestDefinition | TestFunction, fn?: TestFunction): Promise<boolean>;
}

export type TestFunction = (context: TestContext) => unknown;

/** A test, as Deno takes it. */
export interface TestDefinition {
  readonly name: string;
  readonly fn: TestFunction;
  readonly ignore?: boolean;
  readonly only?: boolean;
}

type TestArgument = string | TestFunction | Partial<TestDefinition>;

/** Registers a test in one of Deno's forms: a name, options and a function in that order, some of them left out. */
export type RegisterTest = (...args: readonly TestArgument[]) => void;

interface Outcome {
  readonly name: string;
  readonly error: unknown;
}

/** Keeps the tests of the running cell. */
export class CellTests {
  readonly #output: Output;
  readonly #explain: (error: unknown) => string;
  #registered: TestDefinition[] = [];

  /** @param explain a thrown value as text */
  constructor(output: Output, explain: (error: unknown) => string) {
    this.#output = output;
    this.#explain = explain;
  }

  /** `Deno.test`, with `Deno.test.ignore` and `Deno.test.only`. */
  readonly test: RegisterTest & { readonly ignore: RegisterTest; readonly only: RegisterTest } =
    Object.assign(this.#registerWith({}), {
      ignore: this.#registerWith({ ignore: true }),
      only: this.#registerWith({ only: true }),
    });

  #registerWith(fixed: Partial<TestDefinition>): RegisterTest {
    return (...args) => void this.#registered.push({ ...readTest(args), ...fixed });
  }

  /** Whether the cell registered any. */
  get isEmpty(): boolean {
    return this.#registered.length === 0;
  }

  /** Forgets those of a cell that failed. */
  clear(): void {
    this.#registered = [];
  }

  /** Runs what was registered and writes the report. @param origin the cell's file name */
  async run(origin: string): Promise<void> {
    const registered = this.#registered;
    this.clear();
    const hasOnly = registered.some(({ only }) => only === true);
    const chosen = registered.filter(({ only }) => !hasOnly || only === true);
    const startMs = performance.now();
    this.#say(`running ${chosen.length} test${chosen.length === 1 ? '' : 's'} from ${origin}`);
    const failed: Outcome[] = [];
    let ignored = 0;
    for (const test of chosen) {
      if (test.ignore === true) {
        ignored++;
        this.#say(`${test.name} ... ignored`);
        continue;
      }
      const failure = await this.#runTest(test, origin, '');
      if (failure) failed.push(failure);
    }
    for (const { name, error } of failed) this.#say(`\n${name} => ${this.#explain(error)}`);
    const passed = chosen.length - ignored - failed.length;
    const counts = `${passed} passed | ${failed.length} failed${ignored > 0 ? ` | ${ignored} ignored` : ''}`;
    this.#say(`\n${failed.length === 0 ? 'ok' : 'FAILED'} | ${counts} (${msSince(startMs)})`);
  }

  /** @returns null when it passed */
  async #runTest({ name, fn }: TestDefinition, origin: string, indent: string): Promise<Outcome | null> {
    const startMs = performance.now();
    const failedSteps: Outcome[] = [];
    const step: TestContext['step'] = async (named, stepFn) => {
      const definition = readTest(stepFn === undefined ? [named] : [named, stepFn]);
      if (definition.ignore === true) {
        this.#say(`${indent}  ${definition.name} ... ignored`);
        return true;
      }
      const failure = await this.#runTest(definition, origin, `${indent}  `);
      if (failure) failedSteps.push({ ...failure, name: `${name} ... ${failure.name}` });
      return failure === null;
    };
    let failure: Outcome | null = null;
    try {
      await fn({ name, origin, step });
    } catch (error) {
      failure = { name, error };
    }
    failure ??= failedSteps[0] ?? null;
    this.#say(`${indent}${name} ... ${failure === null ? 'ok' : 'FAILED'} (${msSince(startMs)})`);
    return failure;
  }

  #say(line: string): void {
    this.#output.write('stdout', `${line}\n`);
  }
}

/** @throws TypeError when it has no name or no function */
function readTest(args: readonly TestArgument[]): TestDefinition {
  const definition: { name?: string; fn?: TestFunction; ignore?: boolean; only?: boolean } = {};
  for (const one of args) {
    if (typeof one === 'string') definition.name = one;
    else if (typeof one === 'function') definition.fn = one;
    else Object.assign(definition, one);
  }
  const { fn } = definition;
  const name = definition.name ?? fn?.name ?? '';
  if (typeof fn !== 'function') throw new TypeError(`Cannot register the test "${name}": it has no function`);
  if (name === '') throw new TypeError('Cannot register a test: it has no name; name it or its function');
  return { ...definition, name, fn };
}

const msSince = (startMs: number): string => `${Math.round(performance.now() - startMs)}ms`;
