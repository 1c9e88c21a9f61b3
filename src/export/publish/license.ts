// Licence texts by SPDX identifier, from spdx-license-list.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { DatasetFacts } from './publish-contract.ts';

const require = createRequire(import.meta.url);

/** Undefined for an identifier that SPDX does not list. */
export async function readLicense(id: string): Promise<DatasetFacts['license'] | undefined> {
  if (!/^[A-Za-z0-9.+-]+$/.test(id)) return undefined;
  try {
    const text = await readFile(require.resolve(`spdx-license-list/licenses/${id}.json`), 'utf8');
    const { name, licenseText } = JSON.parse(text) as { name: string; licenseText: string };
    return { id, name, url: `https://spdx.org/licenses/${id}`, text: `${licenseText.trimEnd()}\n` };
  } catch {
    return undefined; // not in the list
  }
}
