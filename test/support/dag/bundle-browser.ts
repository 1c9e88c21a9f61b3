// The file for browsers, bundled as `npm run build` does, into a folder of the caller.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../../scripts/bundle-browser.mjs');

/** Bundles it. @returns its path */
export async function bundleForBrowsers(folder: string): Promise<string> {
  const file = join(folder, 'browser.min.js');
  await run(process.execPath, [script, file]);
  return file;
}
