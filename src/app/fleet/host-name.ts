// By what name a fleet knows this host: one that was drawn by lot, so that it says nothing, and stays with the home.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import { makeFolder, writeDurably } from '../../files/index.ts';
import { isHostName } from '../../fleet/index.ts';

/** The name kept in the fleet's folder of a home; made when there is none. */
export async function readHostName(folder: string): Promise<string> {
  const path = join(folder, 'host-name');
  const kept = await readKept(path);
  if (isHostName(kept)) return kept;
  const name = `h${randomBytes(6).toString('hex')}`;
  await makeFolder(folder, 0o700);
  await writeDurably(path, `${name}\n`);
  return name;
}

async function readKept(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
