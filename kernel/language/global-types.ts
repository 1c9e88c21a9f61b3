// Types of what the kernel puts into every cell's scope, for the checker.
import { createRequire } from 'node:module';

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
/** Asks for a line of text. */
declare function prompt(message?: string, initial?: string): string | null;
/** Asks yes or no. */
declare function confirm(message?: string): boolean;
declare const comms: any;
declare const Deno: any;
declare const rv: any;
`;
