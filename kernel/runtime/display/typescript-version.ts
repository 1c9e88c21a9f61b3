// The version of TypeScript that checks cells: that of the installed language server.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { JSON, process } from '../primordials.ts';

/** Its version; null where no language server is installed. */
export function typescriptVersion(): string | null {
  try {
    const name = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    const text = readFileSync(createRequire(import.meta.url).resolve(name), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return null;
  }
}
