// Code of the kernel that runs beside cells takes no global that a cell may have replaced.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';
import { transformSync } from 'oxc-transform';
import { afterEach, describe, expect, it } from 'vitest';
import { findFreeNames } from '../../../kernel/runtime/free-names.ts';
import { noticeReplaced, withOriginals } from '../../../kernel/runtime/primordials.ts';

const globals = new Set(Object.getOwnPropertyNames(globalThis));
/** No cell can replace these, or only this file may use them. */
for (const name of ['globalThis', 'undefined', 'NaN', 'Infinity']) globals.delete(name);
/** Run by `withOriginals`, or before the first cell. */
const GUARDED =
  /\/(?:primordials|cell-compiler|cell-imports|cell-references|cell-vars|await-guards|free-names|magic-syntax|decorators|standard-decorators|compiler-settings|jsx)\.ts$/;

const files = globSync('kernel/runtime/**/*.ts').filter((file) => !GUARDED.test(file));

function globalsOf(file: string): string[] {
  const options = { lang: 'ts', sourceType: 'module', target: 'esnext' } as const;
  const { code } = transformSync(file, readFileSync(file, 'utf8'), options);
  const { program } = parseSync('file.mjs', code, { lang: 'js', sourceType: 'module' });
  const own = new Set(
    program.body.flatMap((statement) => [
      ...(statement.type === 'ImportDeclaration' ? statement.specifiers.map(({ local }) => local.name) : []),
      ...declaredBy(statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement),
    ]),
  );
  const found = findFreeNames(program, (name) => globals.has(name) && !own.has(name));
  return [...new Set(found.map(({ name }) => name))];
}

function declaredBy(statement: object | null): string[] {
  const { id, declarations } = (statement ?? {}) as {
    id?: { name: string } | null;
    declarations?: { id: { name?: string } }[];
  };
  return [id?.name, ...(declarations ?? []).map((one) => one.id.name)].filter((name) => name !== undefined);
}

describe('findFreeNames() of kernel/runtime', () => {
  it.each(files)('findFreeNames() finds no global in %s', (file) => {
    expect(globalsOf(file)).toEqual([]);
  });
});

describe('noticeReplaced()', () => {
  it('is loaded without what Node loads late: HTTP clients, web streams', () => {
    const path = new URL('../../../kernel/runtime/primordials.ts', import.meta.url).href;
    const code = `await import(${JSON.stringify(path)}); console.log(process.moduleLoadList.join('\\n'))`;
    const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(loaded).toContain('internal/');
    expect(loaded).not.toMatch(/undici|webstreams/);
  });
});

describe('withOriginals()', () => {
  const { map } = Array.prototype;
  const OriginalMap = globalThis.Map;
  const restore = Object.getOwnPropertyDescriptors(Array.prototype);
  afterEach(() => {
    Reflect.defineProperty(Array.prototype, 'map', restore.map);
    globalThis.Map = OriginalMap;
  });

  it('puts back what was replaced, and the replacement afterwards', () => {
    const theirs = (() => ['theirs']) as never;
    Reflect.set(Array.prototype, 'map', theirs);
    globalThis.Map = theirs;
    noticeReplaced();
    expect(withOriginals(() => [Array.prototype.map === map, globalThis.Map === OriginalMap])).toEqual([
      true,
      true,
    ]);
    expect(Array.prototype.map).toBe(theirs);
    expect(globalThis.Map).toBe(theirs);
  });

  it('puts the replacement back when what it runs throws', () => {
    const theirs = (() => []) as never;
    Reflect.set(Array.prototype, 'map', theirs);
    noticeReplaced();
    expect(() =>
      withOriginals(() => {
        throw new RangeError('no');
      }),
    ).toThrow(RangeError);
    expect(Array.prototype.map).toBe(theirs);
  });

  it('keeps what was replaced in mind when code within looks too', () => {
    const theirs = (() => []) as never;
    Reflect.set(Array.prototype, 'map', theirs);
    noticeReplaced();
    withOriginals(() => {
      noticeReplaced();
      expect(withOriginals(() => Array.prototype.map)).toBe(map);
    });
    expect(Array.prototype.map).toBe(theirs);
    expect(withOriginals(() => Array.prototype.map)).toBe(map);
  });
});
