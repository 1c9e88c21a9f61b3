// A model of a home as it is offered to other hosts: its name, its version and its files.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../../core/index.ts';
import type { OfferOptions, OfferedFile } from '../../fleet/index.ts';
import { openRegistry } from '../../models/index.ts';
import { makeHome } from '../home.ts';

/** @throws RuvectorError `ERR_MODEL_NOT_FOUND`, `ERR_MODEL_MANIFEST` */
export async function readOfferedPackage(
  home: Home,
  reference: string,
): Promise<Pick<OfferOptions, 'name' | 'version' | 'files'>> {
  makeHome(home);
  const { name, version, directory, manifest } = await (await openRegistry(home.models)).show(reference);
  const names: OfferedFile['name'][] = ['manifest.json', 'model.onnx', 'golden.arrow'];
  if (manifest.heldOut) names.push('heldout.arrow');
  const files = await Promise.all(
    names.map(async (file) => [file, await readFile(join(directory, file))] as const),
  );
  return { name, version, files: Object.fromEntries(files) };
}
