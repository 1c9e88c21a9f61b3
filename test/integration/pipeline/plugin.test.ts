// The plugin that docs/pipeline.md shows, outside the tree: by path, and as a package that can only be imported.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry, openPipelineFile, registerBuiltIns } from '../../../src/pipeline/index.ts';

const root = join(import.meta.dirname, '../../..');
let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'rvm-plugin-'));
  // As npm lays it out: the product and what it depends on beside each other.
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(join(root, 'node_modules', 'apache-arrow'), join(project, 'node_modules', 'apache-arrow'));
  writeFileSync(join(project, 'in.csv'), 'a,value\n1,0.5\n2,\n3,1.5\n');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** The code block of the document. */
function documentedPlugin(): string {
  const page = readFileSync(join(root, 'docs', 'pipeline.md'), 'utf8');
  const [code] = /```js\n(\/\/ double\.mjs\n[\s\S]*?)```/.exec(page)!.slice(1);
  return code!;
}

const use = (plugin: string): string => `
plugins: ["${plugin}"]
source: { use: csv, with: { paths: in.csv } }
stages: [{ use: double, with: { column: value } }]
sink: { use: csv, with: { path: out.csv } }
`;

function writePackage(name: string, code: string): void {
  const folder = join(project, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, type: 'module', exports: { import: './lib.js' } }),
  );
  writeFileSync(join(folder, 'lib.js'), code);
}

const open = (text: string) => {
  writeFileSync(join(project, 'p.yaml'), text);
  return openPipelineFile(join(project, 'p.yaml'), { registry: createRegistry(registerBuiltIns) });
};

describe('pipeline run with a plugin', () => {
  it('has about twenty lines and runs in a pipeline of the command line', async () => {
    const code = documentedPlugin();
    expect(code.trim().split('\n').length).toBeLessThan(28);
    writeFileSync(join(project, 'double.mjs'), code);
    writeFileSync(join(project, 'p.yaml'), use('./double.mjs'));
    const bin = join(root, 'bin', 'ruvector-memopt.mjs');
    await promisify(execFile)(process.execPath, [
      bin,
      '--home',
      project,
      'pipeline',
      'run',
      join(project, 'p.yaml'),
    ]);
    expect(readFileSync(join(project, 'out.csv'), 'utf8')).toBe('"a","value"\n1,1.0\n2,\n3,3.0\n');
  });

  it('may be a package beside the file, also one that only can be imported, or a list of parts', async () => {
    writePackage('some-double', documentedPlugin());
    writePackage(
      '@scope/listed',
      `export default { sinks: [{ name: 'nowhere', about: 'x', options: {}, create: () => ({ consume: async () => {}, flush: async () => {}, memoryUsage: () => 0 }) }] }`,
    );
    const text = use('some-double')
      .replace('"some-double"', '"some-double", "@scope/listed"')
      .replace('sink: { use: csv, with: { path: out.csv } }', 'sink: { use: nowhere }');
    const { pipeline } = await open(text);
    await pipeline.run();
  });

  it.each([
    [
      'a name that is taken',
      `export const register = (r) => r.sink({ name: 'csv', about: 'x', options: {}, create() {} })`,
      'the name is taken (built in)',
    ],
    ['no parts', 'export const nothing = 1', 'it exports nothing; export register(registry)'],
    ['a mistake in it', 'export const register = (r) => r.nothing()', 'r.nothing is not a function'],
    ['a part that is none', `export const transforms = [{ name: 'x' }]`, '"x" has no `about`'],
  ])('is refused with its place in the file for %s', async (_, code, message) => {
    writeFileSync(join(project, 'double.mjs'), code);
    const opening = open(use('./double.mjs'));
    await expect(opening).rejects.toMatchObject({ code: 'ERR_PIPELINE_DESCRIPTION' });
    await expect(opening).rejects.toThrow('p.yaml:2:11: ');
    await expect(opening).rejects.toThrow(message);
  });
});
