// Bundles src/dag/browser.ts into one file for browsers: node scripts/bundle-browser.mjs [output file].
// By rolldown, which Vitest brings anyway. Fails when something of Node's, or a package, would come along.
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const file = process.argv[2] ?? join(root, 'dist', 'dag', 'browser.min.js');

const bundle = await rolldown({
  input: join(root, 'src', 'dag', 'browser.ts'),
  platform: 'browser',
  external: [/^node:/],
});
const { output } = await bundle.write({ file, format: 'esm', minify: true });
await bundle.close();

const chunks = output.filter(({ type }) => type === 'chunk');
const imports = chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]);
if (chunks.length !== 1 || imports.length > 0) {
  const state = imports.length > 0 ? `it imports ${imports.join(', ')}` : `it is ${chunks.length} files`;
  throw new Error(
    `Cannot bundle "src/dag/browser.ts": ${state}; import only what a browser has, and nothing on demand`,
  );
}
