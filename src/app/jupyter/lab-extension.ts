// The extension of JupyterLab and Notebook that colours `%%python` cells: files beside the kernel's, which the front end
// finds in Jupyter's data directories. https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html
import { readFile, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, writeWhole } from '../../files/index.ts';

/** As its package.json says. */
const NAME = 'ruvector-python-cells';
const source = join(import.meta.dirname, '../../..', 'kernel', 'lab-extension');

const folderIn = (dataDirectory: string): string => join(dataDirectory, 'labextensions', NAME);

/** Installs the extension, over an earlier one too. */
export async function installLabExtension(dataDirectory: string): Promise<void> {
  const names = await readdir(source, { recursive: true });
  // The front end looks for package.json: it comes last.
  const files = names.filter((name) => name.includes('.')).sort((a, b) => b.length - a.length);
  for (const name of files) {
    const target = join(folderIn(dataDirectory), name);
    await makeFolder(dirname(target));
    await writeWhole(target, await readFile(join(source, name)), 'a file of the extension');
  }
}

/** Removes the extension; one that is not there is none to remove. */
export async function removeLabExtension(dataDirectory: string): Promise<void> {
  await rm(folderIn(dataDirectory), { recursive: true, force: true });
}
