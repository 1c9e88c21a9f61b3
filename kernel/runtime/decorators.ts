// Decorators compile to calls of helpers; cells find them as a global, whatever their project has installed.
import { createRequire } from 'node:module';
import type { TransformOptions } from 'oxc-transform';

/** Transform options: TypeScript's `experimentalDecorators`, helpers from the global below. */
export const decoratorOptions: Pick<TransformOptions, 'decorator' | 'helpers'> = {
  decorator: { legacy: true },
  // The package declares its modes as a const enum, which cannot be named here.
  helpers: { mode: 'External' as never },
};

/** Defines the global that compiled decorators call; helpers load on first use. */
export function defineDecoratorHelpers(): void {
  const require = createRequire(import.meta.url);
  const load = (name: string): unknown => {
    const helper = require(`@oxc-project/runtime/helpers/${name}`) as { default?: unknown };
    return helper.default ?? helper;
  };
  const helpers = new Proxy({}, { get: (_target, name) => load(String(name)) });
  Object.defineProperty(globalThis, 'babelHelpers', { value: helpers, enumerable: false });
}
