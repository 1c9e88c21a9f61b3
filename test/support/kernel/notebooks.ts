// The notebooks of this repository: read as files, or run by nbclient in a private Jupyter folder and home.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelCommand } from './kernel-client.ts';
import { jsonSchemaEnv, python } from '../python.ts';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'notebooks');

/** A notebook file, as far as the tests read it. */
export interface Notebook {
  readonly cells: readonly {
    readonly id: string;
    readonly cell_type: 'code' | 'markdown';
    readonly source: readonly string[];
    readonly outputs?: readonly object[];
    readonly execution_count?: number | null;
  }[];
  readonly metadata: { readonly kernelspec: { readonly name: string; readonly language: string } };
}

/** Names of the notebooks, in their order. */
export const listNotebooks = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb'))
    .sort();

export const readNotebook = (name: string): Notebook =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Notebook;

/** An output as notebooks hold it. */
export interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** What a notebook's cells held after a run. Cells are named by their ids. */
export interface NotebookRun {
  /** What the cell wrote. */
  stdout(cell: string): string;
  /** Everything of that type the cell showed. @default 'text/plain' */
  shown(cell: string, mime?: string): unknown[];
  /** Its result as text, empty without one. */
  result(cell: string): string;
  /** The rows of the table the cell showed. */
  rows(cell: string): Readonly<Record<string, unknown>>[];
  /** The rows the cell's chart is drawn from, of all layers. */
  charted(cell: string): Readonly<Record<string, unknown>>[];
  error(cell: string): { readonly ename: string; readonly evalue: string; readonly traceback: string };
  /** What all cells wrote to stderr. */
  readonly stderr: string;
  /** What the type checker said below cells. */
  readonly warnings: readonly string[];
}

/** A file that a notebook exported, as pandas reads it. */
export interface ExportedFile {
  readonly rows: number;
  readonly columns: readonly string[];
  readonly labels: readonly string[];
}

/** A Jupyter of its own. */
export interface NotebookRunner extends Disposable {
  /** Runs a notebook in its folder. @throws what nbclient says when a cell fails */
  run(name: string, kernel?: string): Promise<NotebookRun>;
  /** Runs a notebook of any folder in that folder; gives the outputs of its code cells by their ids. */
  runFile(path: string, kernel?: string): Promise<Readonly<Record<string, readonly Output[]>>>;
  /** Where temporary files of notebooks lie. */
  readonly temporary: string;
  /** CSV and Parquet files below a folder, by name. */
  readExports(directory: string): Promise<Readonly<Record<string, ExportedFile>>>;
}

/** Creates the folder with the kernels; `RUVECTOR_HOME` and temporary files lie in it too. */
export function createNotebookRunner(): NotebookRunner {
  const directory = mkdtempSync(join(tmpdir(), 'rvn-'));
  const { kernelspec } = readNotebook(listNotebooks()[0]!).metadata;
  const tslab = join(root, 'node_modules', 'tslab', 'bin', 'tslab');
  installKernel(directory, kernelspec.name, kernelCommand('{connection_file}'));
  installKernel(directory, 'tslab', [process.execPath, tslab, 'kernel', '--config-path={connection_file}']);
  const temporary = join(directory, 't');
  mkdirSync(temporary);
  const env = {
    ...process.env,
    ...jsonSchemaEnv,
    JUPYTER_PATH: directory,
    JUPYTER_RUNTIME_DIR: join(directory, 'runtime'),
    JUPYTER_CONFIG_DIR: join(directory, 'config'),
    RUVECTOR_KERNEL_HISTORY: join(directory, 'history.sqlite'),
    RUVECTOR_HOME: join(directory, 'home'),
    RUVECTOR_PYTHON: python,
    MPLCONFIGDIR: join(directory, 'matplotlib'),
    TMPDIR: temporary,
  };
  const runFile: NotebookRunner['runFile'] = async (path, kernel = kernelspec.name) =>
    JSON.parse(await runScript('run-notebook.py', [kernel, path], env)) as Record<string, readonly Output[]>;
  return {
    runFile,
    temporary,
    run: async (name, kernel) => readRun(await runFile(join(folder, name), kernel)),
    readExports: async (exported) =>
      JSON.parse(await runScript('read-notebook-exports.py', [exported], env)) as Record<
        string,
        ExportedFile
      >,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function installKernel(directory: string, name: string, argv: readonly string[]): void {
  const spec = join(directory, 'kernels', name);
  mkdirSync(spec, { recursive: true });
  const kernel = { argv, display_name: name, language: 'typescript', interrupt_mode: 'message' };
  writeFileSync(join(spec, 'kernel.json'), JSON.stringify(kernel));
}

function runScript(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const program = [join(import.meta.dirname, script), ...args];
  return new Promise((resolve, reject) => {
    execFile(python, program, { env, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout),
    );
  });
}

const CHART = 'application/vnd.vegalite.v5+json';

interface Chart {
  readonly data?: { readonly values: Record<string, unknown>[] };
  readonly layer?: readonly Chart[];
}

const valuesOf = ({ data, layer = [] }: Chart): Record<string, unknown>[] => [
  ...(data?.values ?? []),
  ...layer.flatMap(valuesOf),
];

/** Rows of a table as the kernel shows it; figures as they are, not as they are rounded. */
function readTable(html: string): Record<string, unknown>[] {
  const [, head = '', body = ''] = /<thead>(.*?)<\/thead><tbody>(.*?)<\/tbody>/s.exec(html) ?? [];
  const names = [...head.matchAll(/<th[^>]*>(.*?)(?:<br>.*?)?<\/th>/gs)]
    .slice(1)
    .map(([, name]) => textOfHtml(name!));
  return [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) => {
    const cells = [...row!.matchAll(/<td style="text-align:(\w+)[^"]*"(?: title="([^"]*)")?>(.*?)<\/td>/gs)];
    return Object.fromEntries(names.map((name, at) => [name, valueOfCell(cells[at]!)]));
  });
}

function valueOfCell([, side, exact, shown]: RegExpExecArray): unknown {
  if (shown!.startsWith('<span')) return null;
  const text = exact ?? textOfHtml(shown!);
  return side === 'right' ? Number(text) : text;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
const textOfHtml = (html: string): string =>
  html.replaceAll(/&([#\w]+);/g, (whole, name: string) => entities[name] ?? whole);

function readRun(cells: Readonly<Record<string, readonly Output[]>>): NotebookRun {
  const outputsOf = (cell: string): readonly Output[] => {
    if (!cells[cell]) throw new Error(`there is no cell "${cell}": ${Object.keys(cells).join(' ')}`);
    return cells[cell];
  };
  const textOf = (outputs: readonly Output[], name: string): string =>
    outputs.map((output) => (output.name === name ? output.text : '')).join('');
  const shown: NotebookRun['shown'] = (cell, mime = 'text/plain') =>
    outputsOf(cell).flatMap(({ data }) => (data && mime in data ? [data[mime]] : []));
  return {
    stdout: (cell) => textOf(outputsOf(cell), 'stdout'),
    shown,
    result: (cell) => {
      const found = outputsOf(cell).find(({ output_type }) => output_type === 'execute_result');
      const text = found?.data?.['text/plain'];
      return typeof text === 'string' ? text : '';
    },
    rows: (cell) => shown(cell, 'text/html').flatMap((html) => readTable(String(html))),
    charted: (cell) => (shown(cell, CHART) as Chart[]).flatMap(valuesOf),
    error: (cell) => {
      const found = outputsOf(cell).find(({ output_type }) => output_type === 'error');
      const { ename = '', evalue = '', traceback = [] } = found ?? {};
      return { ename, evalue, traceback: traceback.join('\n') };
    },
    warnings: Object.values(cells)
      .flat()
      .map(({ data }) => data?.['text/plain'])
      .filter((text) => typeof text === 'string')
      .filter((text) => text.startsWith('Warning: the cell ran')),
    stderr: Object.values(cells)
      .map((outputs) => textOf(outputs, 'stderr'))
      .join(''),
  };
}

/** Notebooks that run one after the other, whatever becomes of them. */
export interface NotebooksInTurn extends AsyncDisposable, Pick<NotebookRunner, 'readExports'> {
  /**
   * Gives the run, or another one to who asks again, as a test does that is tried again.
   * @param name as it was started; `<name> in <kernel>` where a kernel was named
   */
  run(name: string): Promise<NotebookRun>;
  /** Of all of them. */
  warnings(): Promise<readonly string[]>;
}

/** Begins with the first. */
export function startNotebooks(
  ...notebooks: readonly (readonly [name: string, kernel?: string])[]
): NotebooksInTurn {
  const runner = createNotebookRunner();
  let before: Promise<unknown> = Promise.resolve();
  const begin = (name: string, kernel?: string): Promise<NotebookRun> => {
    const run = before.then(() => runner.run(`${name}.ipynb`, kernel));
    before = run.catch(() => undefined);
    return run;
  };
  const runs = new Map(
    notebooks.map(([name, kernel]) => [kernel ? `${name} in ${kernel}` : name, begin(name, kernel)]),
  );
  const asked = new Set<string>();
  return {
    readExports: (directory) => runner.readExports(directory),
    run(title) {
      if (asked.has(title)) runs.set(title, begin(...(title.split(' in ') as [string, string?])));
      asked.add(title);
      return runs.get(title)!;
    },
    warnings: async () => (await Promise.all(runs.values())).flatMap((run) => run.warnings),
    async [Symbol.asyncDispose]() {
      await before;
      runner[Symbol.dispose]();
    },
  };
}

/** The first group of a pattern in a text. */
export function findIn(text: unknown, pattern: RegExp): string {
  const found = pattern.exec(String(text))?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in: ${String(text)}`);
  return found;
}

/** Shape of a DataFrame a cell showed. */
export function shapeOf(run: NotebookRun, cell: string): { rows: number; columns: number } {
  const [, rows, columns] = /^DataFrame: ([\d,]+) rows × (\d+) columns/.exec(run.result(cell)) ?? [];
  return { rows: Number(rows?.replaceAll(',', '')), columns: Number(columns) };
}
