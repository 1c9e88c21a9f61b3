// Verbs mean one thing (CONTRIBUTING.md): every function of src and kernel keeps what its name promises. Looks at what
// a function uses by itself or through functions of its own file, and at return types where they are written.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFunctions, readNamedFunctions } from '../../support/named-functions.ts';
import type { NamedFunction } from '../../support/named-functions.ts';

interface Rule {
  readonly verbs: readonly string[];
  readonly isBroken: (fn: NamedFunction) => boolean;
  /** A function that breaks it. */
  readonly wrong: string;
}

const touches = ({ touches: names }: NamedFunction): boolean => names.length > 0;
const gives =
  (...types: string[]) =>
  ({ returns }: NamedFunction): boolean =>
    types.some((type) => returns === type || returns === `Promise<${type}>`);
const system = "import { statSync } from 'node:fs';";

const rules: Readonly<Record<string, Rule>> = {
  'parse is text to value, at once': {
    verbs: ['parse'],
    isBroken: ({ isAsync }) => isAsync,
    wrong: 'async function parseSize(text: string) {}',
  },
  'parse, decode, encode and build touch no file, socket, process or database': {
    verbs: ['parse', 'decode', 'encode', 'build'],
    isBroken: touches,
    wrong: `${system} function buildCard(path: string) { return sizeOf(path); } const sizeOf = (path) => statSync(path).size;`,
  },
  'create gives what it makes': {
    verbs: ['create'],
    isBroken: gives('void', 'boolean', 'number', 'string'),
    wrong: 'async function createFolder(path: string): Promise<void> {}',
  },
  'open gives what has to be closed': {
    verbs: ['open'],
    isBroken: (fn) => fn.name !== 'open' && gives('void', 'boolean', 'string')(fn),
    wrong: 'function openTable(name: string): void {}',
  },
  'is, has and can give a boolean': {
    verbs: ['is', 'has', 'can'],
    isBroken: ({ returns }) => returns !== '' && !/\bboolean\b|\bis\b/.test(returns),
    wrong: 'function hasRows(): number {}',
  },
};

const all = readNamedFunctions(join(import.meta.dirname, '../../..'), ['src', 'kernel']);

const ofVerbs = (functions: readonly NamedFunction[], verbs: readonly string[]): NamedFunction[] =>
  functions.filter(({ name }) => verbs.some((verb) => new RegExp(`^${verb}([A-Z]|$)`).test(name)));

describe.each(Object.entries(rules))('%s', (_name, { verbs, isBroken, wrong }) => {
  it('readNamedFunctions() finds it true of every function of src and kernel', () => {
    const functions = ofVerbs(all, verbs);
    expect(functions.length).toBeGreaterThan(60);
    const broken = functions.filter(isBroken);
    expect(broken.map(({ place, name, touches: names }) => [place, name, ...names].join(' '))).toEqual([]);
  });

  it('parseFunctions() finds a function that does otherwise', () => {
    expect(ofVerbs(parseFunctions('wrong.ts', wrong), verbs).filter(isBroken)).toHaveLength(1);
  });
});
