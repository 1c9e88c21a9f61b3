// The global `Deno` for notebooks written for Deno's kernel: files, processes, the environment, tests and
// `Deno.jupyter`. Most of it is Deno's own shim for Node (@deno/shim-deno); what that lacks stands beside this file.
// Only cells see it: libraries that look for `Deno` must go on taking this process for Node.
import { createRequire } from 'node:module';
import type { Deno as ShimmedDeno } from '@deno/shim-deno';
import { typescriptVersion } from '../display/typescript-version.ts';
import { Object, process } from '../primordials.ts';
import { readCaller } from '../stack-frames.ts';
import type { CellTests } from './cell-tests.ts';
import { DenoCommand } from './deno-command.ts';
import type { DenoJupyter } from './deno-jupyter.ts';

/** The version of Deno whose API this is. */
const DENO_VERSION = '2.9.6';

/** What cells find under `Deno`. */
export interface DenoNamespace extends Omit<typeof ShimmedDeno, 'Command' | 'test' | 'version'> {
  readonly jupyter: DenoJupyter;
  readonly test: CellTests['test'];
  readonly Command: typeof DenoCommand;
  readonly version: { readonly deno: string; readonly v8: string; readonly typescript: string };
}

/** Defines the global that only code of cells sees. */
export function defineDeno(jupyter: DenoJupyter, tests: CellTests): void {
  let deno: DenoNamespace | undefined;
  let replaced: unknown;
  Object.defineProperty(globalThis, 'Deno', {
    configurable: true,
    enumerable: false,
    get: () => replaced ?? (isCalledByCell() ? (deno ??= createDeno(jupyter, tests)) : undefined),
    set: (value: unknown) => {
      replaced = value;
    },
  });
}

/** Read when a cell first asks for it. */
function createDeno(jupyter: DenoJupyter, tests: CellTests): DenoNamespace {
  const shim = createRequire(import.meta.url)('@deno/shim-deno') as { Deno: typeof ShimmedDeno };
  return {
    ...shim.Deno,
    jupyter,
    test: tests.test,
    Command: DenoCommand,
    version: { deno: DENO_VERSION, v8: process.versions.v8, typescript: typescriptVersion() ?? 'none' },
  };
}

/** Whether the getter's caller is code of a cell, or anywidget's package for Deno notebooks. */
function isCalledByCell(): boolean {
  return /^(cell-\d+|user-expression)\.ts$|\/@anywidget\/deno\//.test(readCaller(2));
}
