// Where the compressions of HDF5 files beyond gzip lie. The published package brings them in dist/hdf5-plugins
// (scripts/complete-package.mjs): beside the package h5wasm-plugins npm would install a second h5wasm that nothing loads.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the plugins: that of the published package, else that of h5wasm-plugins. */
export function findPlugins(): string {
  const brought = join(import.meta.dirname, '..', '..', 'hdf5-plugins');
  if (existsSync(brought)) return brought;
  return join(dirname(fileURLToPath(import.meta.resolve('h5wasm-plugins'))), 'plugins');
}
