// Plugins: modules by path, or packages by name, found from the folder of the file that names them and not from here.
import { readFile } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuvectorError } from '../../core/index.ts';
import { pluginLoadError, pluginShapeError } from './errors.ts';
import type { PluginModule } from './plugin-entry.ts';
import type { Registry } from './registry.ts';

/**
 * Loads a plugin and registers its parts.
 * @param plugin `./mine.mjs`, `/opt/mine.mjs` or the name of a package
 * @param folder where relative paths start, and packages are looked for
 * @throws RuvectorError `ERR_PIPELINE_PLUGIN`
 */
export async function loadPlugin(plugin: string, folder: string, registry: Registry): Promise<void> {
  const module = await importPlugin(plugin, folder);
  const view = registry.of(plugin);
  try {
    if (typeof module.register === 'function') await module.register(view);
    for (const entry of module.sources ?? []) view.source(entry);
    for (const entry of module.transforms ?? []) view.transform(entry);
    for (const entry of module.sinks ?? []) view.sink(entry);
  } catch (cause) {
    throw cause instanceof RuvectorError ? cause : pluginLoadError(plugin, cause);
  }
}

async function importPlugin(plugin: string, folder: string): Promise<PluginModule> {
  let namespace: PluginModule & { readonly default?: PluginModule };
  try {
    namespace = (await import(pathToFileURL(await locate(plugin, folder)).href)) as typeof namespace;
  } catch (cause) {
    throw pluginLoadError(plugin, cause);
  }
  const module = isPlugin(namespace) ? namespace : (namespace.default ?? {});
  if (!isPlugin(module)) throw pluginShapeError(plugin, Object.keys(namespace));
  return module;
}

const isPlugin = (module: PluginModule): boolean =>
  typeof module.register === 'function' || Boolean(module.sources ?? module.transforms ?? module.sinks);

async function locate(plugin: string, folder: string): Promise<string> {
  if (isAbsolute(plugin) || /^\.{1,2}\//.test(plugin)) return resolve(folder, plugin);
  try {
    return createRequire(join(folder, 'pipeline.js')).resolve(plugin);
  } catch (error) {
    const entry = await findImportEntry(plugin, folder);
    if (entry === null) throw error;
    return entry;
  }
}

/** Of a package that can only be imported, which `require.resolve` does not find. */
async function findImportEntry(plugin: string, folder: string): Promise<string | null> {
  const manifest = findPackageJSON(plugin, pathToFileURL(join(folder, 'pipeline.js')));
  if (manifest === undefined) return null;
  const { exports } = JSON.parse(await readFile(manifest, 'utf8')) as { exports?: Exports };
  const root = typeof exports === 'object' && '.' in exports ? exports['.'] : exports;
  const entry = pickImport(root);
  return entry === null ? null : join(dirname(manifest), entry);
}

type Exports = string | { readonly [condition: string]: Exports };

function pickImport(exports: Exports | undefined): string | null {
  if (typeof exports === 'string') return exports;
  const condition = ['node', 'import', 'default'].find((name) => exports?.[name] !== undefined);
  return condition === undefined ? null : pickImport(exports![condition]);
}
