// `Deno.jupyter` for notebooks written for Deno's kernel (https://docs.deno.com/runtime/reference/cli/jupyter/).
// Only cells see `Deno`, and of it only what notebooks use: libraries that look for it must go on taking this process for Node.
import { readFile, writeFile } from 'node:fs/promises';
import { html, image, md, svg } from './display.ts';
import type { Display, DisplayOptions } from './display.ts';
import { buildMimeBundle, cleanBundle, displaySymbol } from './mime-bundle.ts';
import type { Output } from '../output.ts';
import { readCaller } from '../stack-frames.ts';
import { typescriptVersion } from './typescript-version.ts';
import { Object, Uint8Array, process } from '../primordials.ts';

/** What Deno's kernel offers. */
export interface DenoJupyter {
  readonly display: (value: unknown, options?: DisplayOptions) => Promise<void>;
  /** Publishes a message of any type to all front ends. */
  readonly broadcast: (
    msgType: string,
    content: Record<string, unknown>,
    extra?: { readonly metadata?: Record<string, unknown>; readonly buffers?: readonly Uint8Array[] },
  ) => Promise<void>;
  /** Data by mime type of a value. */
  readonly format: (value: unknown) => Promise<Readonly<Record<string, unknown>>>;
  readonly html: typeof html;
  readonly md: typeof md;
  readonly svg: typeof svg;
  readonly image: typeof image;
  readonly $display: typeof displaySymbol;
}

/** Builds the functions. */
export function buildDenoJupyter({ display }: Display, output: Output): DenoJupyter {
  return {
    display: async (value, options) => void (await display(value, options)),
    broadcast: async (msgType, content, extra = {}) => output.publish(msgType, cleanBundle(content), extra),
    format: async (value) => (await buildMimeBundle(value)).data,
    html,
    md,
    svg,
    image,
    $display: displaySymbol,
  };
}

/** The version of Deno whose API this is. */
const DENO_VERSION = '2.9.6';

/** What notebooks use of Deno besides `jupyter`: versions, the environment, text files. */
function createDeno(jupyter: DenoJupyter): object {
  return {
    jupyter,
    get version() {
      return { deno: DENO_VERSION, v8: process.versions.v8, typescript: typescriptVersion() ?? 'none' };
    },
    cwd: () => process.cwd(),
    env: {
      get: (name: string) => process.env[name],
      has: (name: string) => name in process.env,
      set: (name: string, value: string) => void (process.env[name] = value),
      delete: (name: string) => void delete process.env[name],
      toObject: () => ({ ...process.env }),
    },
    readFile: async (path: string | URL) => new Uint8Array(await readFile(path)),
    readTextFile: (path: string | URL) => readFile(path, 'utf8'),
    writeFile: (path: string | URL, bytes: Uint8Array) => writeFile(path, bytes),
    writeTextFile: (path: string | URL, text: string) => writeFile(path, text),
  };
}

/** Defines the global that only code of cells sees. */
export function defineDeno(jupyter: DenoJupyter): void {
  const deno = createDeno(jupyter);
  let replaced: unknown;
  Object.defineProperty(globalThis, 'Deno', {
    configurable: true,
    enumerable: false,
    get: () => replaced ?? (isCalledByCell() ? deno : undefined),
    set: (value: unknown) => {
      replaced = value;
    },
  });
}

/** Whether the getter's caller is code of a cell, or anywidget's package for Deno notebooks. */
function isCalledByCell(): boolean {
  return /^(cell-\d+|user-expression)\.ts$|\/@anywidget\/deno\//.test(readCaller(2));
}
