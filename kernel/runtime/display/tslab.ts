// `import * as tslab from 'tslab'` in a cell, a notebook written for tslab, shows through this kernel. The
// API is that of tslab's src/public.ts (https://github.com/yunabe/tslab); an installed tslab is not loaded,
// because it only works inside its own kernel.
import { randomUUID } from 'node:crypto';
import { registerHooks } from 'node:module';
import type { Display } from './display.ts';
import { typescriptVersion } from './typescript-version.ts';
import { Object, Symbol, process } from '../primordials.ts';

/** tslab's display: each call shows at once. Cells are checked against a copy, see language/global-types.ts. */
export interface TslabDisplay {
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

/** What the module `tslab` exports. */
export interface Tslab {
  readonly display: TslabDisplay;
  /** A display whose later calls replace what its first one showed. */
  newDisplay(this: void): TslabDisplay;
  /** Of the API, of what checks cells (`none` without it), and of Node. */
  readonly versions: { readonly tslab: string; readonly typescript: string; readonly node: string };
}

const mimes = {
  javascript: 'text/javascript',
  html: 'text/html',
  markdown: 'text/markdown',
  latex: 'text/latex',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  pdf: 'application/pdf',
  text: 'text/plain',
} as const;

/** The version of tslab whose API this is. */
const TSLAB_VERSION = '1.0.22';
const SLOT = 'ruvector.kernel.tslab';
const ADDRESS = 'ruvector-kernel:tslab';
const SOURCE = `const { display, newDisplay, versions } = globalThis[Symbol.for('${SLOT}')];
export { display, newDisplay, versions };`;

/** Builds what the module exports. */
export function buildTslab({ display }: Display): Tslab {
  const build = (id?: string): TslabDisplay => {
    let isShown = false;
    const raw = (contentType: string, data: string | Uint8Array): void => {
      const update = id !== undefined && isShown;
      isShown = true;
      void display({ [contentType]: data }, { raw: true, update, ...(id ? { display_id: id } : {}) });
    };
    const entries = Object.entries(mimes).map(([name, mime]) => [
      name,
      (data: string | Uint8Array) => raw(mime, data),
    ]);
    return { ...Object.fromEntries(entries), raw } as TslabDisplay;
  };
  return {
    display: build(),
    newDisplay: () => build(randomUUID()),
    versions: {
      tslab: TSLAB_VERSION,
      // Read when it is asked for: the kernel starts without it.
      get typescript() {
        return typescriptVersion() ?? 'none';
      },
      node: process.version,
    },
  };
}

/** Makes `tslab` importable. Call after the importer has installed its own hooks: the last come first. */
export function provideTslab(display: Display): void {
  const tslab = buildTslab(display);
  Object.defineProperty(globalThis, Symbol.for(SLOT), { value: tslab });
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'tslab' || specifier.endsWith('-cell:tslab')
        ? { url: ADDRESS, format: 'module', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) =>
      url === ADDRESS ? { format: 'module', source: SOURCE, shortCircuit: true } : next(url, context),
  });
}
