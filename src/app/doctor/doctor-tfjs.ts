// What `doctor` says of tf.js: which of its backends trains here, and why.
import { findNativeLibrary } from '../../train/index.ts';
import type { Check } from './check.ts';

/** Without the native library wasm trains, which large networks wait for. */
export const tfjsCheck: Check = {
  name: 'tf.js backend',
  severity: 'limited',
  costs: 'networks are trained by wasm: as fast for small ones, several times slower for large ones',
  fix: 'ruvector-memopt setup tfjs-node   (fetches 207 MB, keeps 430 MB, needs g++ and pip)',
  look: async () => {
    const { problem } = findNativeLibrary();
    if (problem !== null) throw new Error(`wasm, since native is not there: ${problem}`);
    return 'native for large networks, wasm for small ones';
  },
};
