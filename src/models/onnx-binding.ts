// The native binding of ONNX Runtime, from one of two places. The published package brings it for Linux in dist/onnxruntime
// (scripts/complete-package.mjs): as a dependency onnxruntime-node would bring the libraries of five platforms, 288 MB, and
// on linux-x64 its install script fetches CUDA from NuGet, which fails where only a package registry can be reached.
// In a checkout, and on other systems, it is that of onnxruntime-node.
// Before the runtime: it reads the variable when it loads.
import './no-telemetry.ts';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { Tensor } from 'onnxruntime-common';
import type { InferenceSession } from 'onnxruntime-common';
import { noRuntimeError } from './errors.ts';

/**
 * The session "behind" InferenceSession, which runs at once. The public one comes to the same call after a setImmediate, a
 * turn of the event loop that keeps nothing free: the call itself blocks. Nothing of it waits for a turn (resident memory
 * stays flat over 1.5 million runs without one). The version is pinned.
 */
export interface NativeSession {
  loadModel(
    buffer: ArrayBuffer,
    byteOffset: number,
    byteLength: number,
    options: InferenceSession.SessionOptions,
  ): void;
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, null>>,
    options: InferenceSession.RunOptions,
  ): Record<string, Tensor>;
  dispose(): void;
}

interface NativeBinding {
  readonly InferenceSession: new () => NativeSession;
  initOrtOnce(logLevel: number, tensor: typeof Tensor, isMainThread: boolean): void;
}

const require = createRequire(import.meta.url);
const WARNINGS = 2;
let loaded: NativeBinding | undefined;

/**
 * A session without a model yet; the first of a thread loads the library.
 * @throws ModelRuntimeError `ERR_MODEL_NO_RUNTIME` where it is not there or does not load
 */
export function createNativeSession(): NativeSession {
  loaded ??= loadBinding();
  return new loaded.InferenceSession();
}

function loadBinding(): NativeBinding {
  try {
    const binding = require(findBinding()) as NativeBinding;
    binding.initOrtOnce(WARNINGS, Tensor, isMainThread);
    return binding;
  } catch (cause) {
    throw noRuntimeError(`${process.platform}-${process.arch}`, cause);
  }
}

/** The path of the binding; the library lies beside it, where its runpath looks. */
export function findBinding(): string {
  const { platform, arch } = process;
  const brought = join(
    import.meta.dirname,
    '..',
    'onnxruntime',
    `${platform}-${arch}`,
    'onnxruntime_binding.node',
  );
  if (existsSync(brought)) return brought;
  const folder = dirname(require.resolve('onnxruntime-node/package.json'));
  return join(folder, 'bin', 'napi-v6', platform, arch, 'onnxruntime_binding.node');
}
