// What is said once a day: a text that a person should know, and need not read at every export.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../../core/index.ts';
import { makeFolderSync } from '../../files/index.ts';

const FILE = 'told-today.json';

/**
 * Whether a text is due: it was not said today, by this host's clock, or not in these words. Takes it as said.
 * A home that cannot be written has it said each time.
 */
export function isDueToday({ run }: Pick<Home, 'run'>, text: string, now = new Date()): boolean {
  const path = join(run, FILE);
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].join('-');
  const key = `${day} ${createHash('sha256').update(text).digest('hex')}`;
  const told = readTold(path).filter((one) => one.startsWith(`${day} `));
  if (told.includes(key)) return false;
  try {
    makeFolderSync(run, 0o700);
    writeFileSync(path, `${JSON.stringify([...told, key])}\n`, { mode: 0o600 });
  } catch {
    // Said again next time.
  }
  return true;
}

function readTold(path: string): string[] {
  try {
    const told = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    return Array.isArray(told) ? told.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
