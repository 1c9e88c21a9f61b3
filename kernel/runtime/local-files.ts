// Local files as TypeScript names them: without their extension, by their folder, or by the name that the compiler
// would give them (`./x.js` for x.ts). Tried only where Node finds no such file.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { URL } from './primordials.ts';

const compiled: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx', '.jsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};
const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];

/** The address of the file that a specifier of a local file means; null when there is none. */
export function findLocalFile(specifier: string, parentUrl: string | undefined): string | null {
  if (!/^(?:\.{0,2}(?:\/|$)|file:)/.test(specifier) || parentUrl === undefined) return null;
  const { href } = new URL(specifier, parentUrl);
  const bare = href.replace(/[?#].*$/, '').replace(/\/$/, '');
  const extension = /\.[mc]?jsx?$/.exec(bare)?.[0];
  const sources = extension ? (compiled[extension] ?? []) : [];
  const candidates = [
    ...sources.map((source) => bare.slice(0, -extension!.length) + source),
    ...EXTENSIONS.map((end) => bare + end),
    ...EXTENSIONS.map((end) => `${bare}/index${end}`),
  ];
  return candidates.find((url) => statSync(fileURLToPath(url), { throwIfNoEntry: false })?.isFile()) ?? null;
}
