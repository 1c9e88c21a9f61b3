// Decorators, which V8 does not have. Those of TypeScript's `experimentalDecorators` compile (oxc) to calls of helpers,
// which cells find as a global, whatever their project has installed; those of the standard: standard-decorators.ts.
import { createRequire } from 'node:module';
import type { TransformOptions } from 'oxc-transform';
import type { CompilerSettings } from './compiler-settings.ts';

type DecoratorOptions = Pick<TransformOptions, 'decorator' | 'helpers'>;

/** Transform options; decorators of the standard stay as they are. */
export function decoratorOptions({ isLegacy, hasMetadata }: CompilerSettings): DecoratorOptions {
  if (!isLegacy) return {};
  return {
    decorator: { legacy: true, emitDecoratorMetadata: hasMetadata },
    // The package declares its modes as a const enum, which cannot be named here.
    helpers: { mode: 'External' as never },
  };
}

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
