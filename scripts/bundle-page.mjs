// Bundles the browser's half of the page, page/, into dist/page/browser: node scripts/bundle-page.mjs [output folder].
// By rolldown, as src/dag/browser.ts is. Names carry a hash of the content, so that a browser may keep them for good.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { reportStyle } from '../src/pictures/index.ts';

const root = join(import.meta.dirname, '..');
const source = join(root, 'page');
const folder = process.argv[2] ?? join(root, 'dist', 'page', 'browser');

const hashOf = (content) => createHash('sha256').update(content).digest('hex').slice(0, 10);

async function bundleScript() {
  const bundle = await rolldown({
    input: join(source, 'src', 'main.tsx'),
    platform: 'browser',
    tsconfig: join(source, 'tsconfig.json'),
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  const [chunk, ...others] = output;
  if (others.length > 0 || chunk.imports.length > 0)
    throw new Error(`Cannot bundle "page": it is ${output.length} files; import nothing on demand`);
  return chunk.code;
}

/** Style sheets of uPlot, of reports and of the page, without comments and indentation: gzip does the rest. */
function bundleStyle() {
  const uplot = join(
    dirname(createRequire(import.meta.url).resolve('uplot/package.json')),
    'dist',
    'uPlot.min.css',
  );
  const read = (file) => readFileSync(file, 'utf8');
  return [read(uplot), reportStyle, read(join(source, 'page.css'))]
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\n\s*/g, '\n')
    .replaceAll(/\n+/g, '\n');
}

const script = await bundleScript();
const style = bundleStyle();
const scriptName = `page-${hashOf(script)}.js`;
const styleName = `page-${hashOf(style)}.css`;
const html = readFileSync(join(source, 'index.html'), 'utf8')
  .replace('/page.js', `/${scriptName}`)
  .replace('/page.css', `/${styleName}`);

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, scriptName), script);
writeFileSync(join(folder, styleName), style);
writeFileSync(join(folder, 'index.html'), html);
// Of earlier builds; last, so that whoever reads meanwhile finds what its index.html names.
const current = new Set([scriptName, styleName, 'index.html']);
for (const name of readdirSync(folder)) if (!current.has(name)) rmSync(join(folder, name));
