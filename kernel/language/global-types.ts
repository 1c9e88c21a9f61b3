// Types of what the kernel puts into every cell's scope, for the checker: small ones in a declaration file,
// large ones by reference to the kernel's own modules, loaded by the cells that use them.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A declaration file; with Node's types where they are installed. */
export function globalTypes(): string {
  return `${nodeTypes()}${declarations}`;
}

function nodeTypes(): string {
  try {
    const path = createRequire(import.meta.url).resolve('@types/node/package.json');
    return `/// <reference path=${JSON.stringify(path.replace(/package\.json$/, 'index.d.ts'))} />\n`;
  } catch {
    return '';
  }
}

/** A type of one of the kernel's modules: its source or, in the package, its declarations. */
const typeOf = (module: string, type: string): string =>
  `import(${JSON.stringify(fileURLToPath(new URL(`../runtime/${module}`, import.meta.url)))}).${type}`;

const PYTHON = '(code: string, options?: { inputs?: Readonly<Record<string, unknown>> }) => Promise<any>';

/** Names with their types, for those cells that use them. */
export function largeGlobals(): ReadonlyMap<string, string> {
  return new Map([
    ['comms', typeOf('comms', 'Comms')],
    ['python', PYTHON],
    ['sharedArray', `typeof ${typeOf('python/shared-array', 'sharedArray')}`],
    ['progress', typeOf('display/progress', 'ProgressMaker')],
    ['widgets', typeOf('widgets/widgets', 'Widgets')],
    ['Deno', typeOf('deno/deno-namespace', 'DenoNamespace')],
    ['rv', 'typeof import("ruvector-memopt").rv'],
  ]);
}

/**
 * Every notebook's project has these. tslab's display stands here once more (runtime/display/tslab.ts): by reference each
 * project would load the display's modules, whether or not a cell imports tslab. test/unit/kernel/global-types.test.ts
 * compares the two.
 */
const declarations = `
interface JupyterDisplayHandle { readonly display_id: string; update(value: unknown): Promise<void> }
/** Shows a value below the cell. */
declare function display(
  value: unknown,
  options?: { raw?: boolean; display_id?: string; update?: boolean },
): Promise<JupyterDisplayHandle>;
/** Clears the cell's output; with \`wait\`, when the next output comes. */
declare function clearOutput(wait?: boolean): void;
/** HTML to show. */
declare function html(strings: TemplateStringsArray, ...values: unknown[]): object;
/** Markdown to show. */
declare function md(strings: TemplateStringsArray, ...values: unknown[]): object;
/** An SVG picture to show. */
declare function svg(strings: TemplateStringsArray, ...values: unknown[]): object;
/** A picture to show, from its file or its bytes. */
declare function image(pathOrBytes: string | URL | Uint8Array): object;
/** Asks for a line of text. */
declare function prompt(message?: string, defaultValue?: string): string | null;
/** Asks yes or no. */
declare function confirm(message?: string): boolean;
/** Shows a message and waits for the Enter key. */
declare function alert(message?: string): void;
declare module 'tslab' {
  interface Display {
    javascript(text: string): void;
    html(text: string): void;
    markdown(text: string): void;
    latex(text: string): void;
    svg(text: string): void;
    png(bytes: Uint8Array): void;
    jpeg(bytes: Uint8Array): void;
    gif(bytes: Uint8Array): void;
    pdf(bytes: Uint8Array): void;
    text(text: string): void;
    raw(contentType: string, data: string | Uint8Array): void;
  }
  export const display: Display;
  /** A display whose later calls replace what its first one showed. */
  export function newDisplay(): Display;
  export const versions: { readonly tslab: string; readonly typescript: string; readonly node: string };
}
declare function $magic(name: 'sx', args: string): Promise<string[]>;
declare function $magic(name: string, args: string): Promise<any>;
`;
