// tf.js with one of its backends, in a thread that is there for nothing else: the backend is global to a thread.
import { createRequire } from 'node:module';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { messageOf, requireExtra } from '../../core/index.ts';
import { backendError } from './errors.ts';
import { linkNativeLibrary } from './native/native-library.ts';
import type { TfjsEngine } from './tfjs-options.ts';

/** tf.js, ready to train. */
export interface Tfjs {
  readonly core: typeof Core;
  readonly layers: typeof Layers;
}

const require = createRequire(import.meta.url);

/** Names that tf.js gives its backends. */
const backendNames: Readonly<Record<TfjsEngine, string>> = { native: 'tensorflow', wasm: 'wasm', cpu: 'cpu' };

/**
 * Loads tf.js and a backend.
 * @throws RuvectorError `ERR_TRAIN_BACKEND`; `ERR_APP_EXTRA` where tf.js is not installed
 */
export async function loadEngine(engine: TfjsEngine): Promise<Tfjs> {
  requireExtra('tfjs');
  const core = await import('@tensorflow/tfjs-core');
  // No advice on the terminal about backends that were not asked for, or kernels that come twice.
  core.enableProdMode();
  try {
    await loaders[engine]();
    await core.setBackend(backendNames[engine]);
    await core.ready();
    addChainedOps(core);
    const layers = await import('@tensorflow/tfjs-layers');
    return { core, layers };
  } catch (cause) {
    const next =
      engine === 'native' ? 'run `ruvector-memopt setup tfjs-node` again' : 'reinstall the package';
    throw backendError(engine, messageOf(cause), next, cause);
  }
}

const loaders: Readonly<Record<TfjsEngine, () => Promise<unknown>>> = {
  native: async () => {
    restoreUtil();
    linkNativeLibrary();
    require('@tensorflow/tfjs-node');
  },
  wasm: async () => {
    const { registerWasmKernels } = await import('./wasm-kernels.ts');
    await import('@tensorflow/tfjs-backend-wasm');
    registerWasmKernels();
  },
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

/** Methods of tensors that tfjs-layers calls (in its orthogonal initializer) and only the whole of tf.js brings. */
function addChainedOps(core: typeof Core): void {
  const methods = core.Tensor.prototype as unknown as Record<string, unknown>;
  methods['flatten'] ??= function (this: Core.Tensor) {
    return core.reshape(this, [this.size]);
  };
  for (const name of ['stridedSlice', 'sign', 'transpose', 'reshape'] as const) {
    const run = core[name] as (tensor: Core.Tensor, ...rest: unknown[]) => Core.Tensor;
    methods[name] ??= function (this: Core.Tensor, ...rest: unknown[]) {
      return run(this, ...rest);
    };
  }
}

/** tfjs-node calls two functions that Node took away or is about to. */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] = (value: unknown): boolean => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}
