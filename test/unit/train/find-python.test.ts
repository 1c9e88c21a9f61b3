import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findProblem, trainerPackages } from '../../../src/train/find-python.ts';
import { isCompatible, ownVersion } from '../../../src/train/python-module.ts';
import type { PythonCheck, PythonModule } from '../../../src/train/python-module.ts';

const ours: PythonModule = { state: 'ours', path: '/p', version: ownVersion, other: null, problem: null };
const check = (changes: Partial<PythonCheck> = {}): PythonCheck => ({
  isNewEnough: true,
  missing: [],
  module: ours,
  ...changes,
});

it('findProblem() is null when version, module and packages will do', () => {
  expect(findProblem(check())).toBeNull();
});

it('findProblem() names every package that is missing, ours as it is installed', () => {
  const module = { ...ours, state: 'absent', path: null, version: null } as const;
  const missing = ['ruvector', 'skl2onnx'];
  expect(findProblem(check({ missing, module }))).toBe('lacks ruvector-memopt, skl2onnx');
});

it('findProblem() asks for a newer Python first', () => {
  expect(findProblem(check({ isNewEnough: false, missing: ['numpy'] }))).toBe('is older than Python 3.10');
});

it("findProblem() tells another project's module from a version of ours that does not fit", () => {
  const module: PythonModule = { ...ours, state: 'other', version: null, problem: 'has another project' };
  expect(findProblem(check({ module }))).toBe('has another project');
  expect(findProblem(check({ module: { ...ours, version: '7.0.0' } }))).toMatch(
    /^has ruvector-memopt 7\.0\.0, which does not fit /,
  );
});

it('findProblem() takes ours although files of another distribution lie beside it', () => {
  expect(
    findProblem(check({ module: { ...ours, other: 'ruvector 0.1.4', problem: 'has both' } })),
  ).toBeNull();
});

it('isCompatible() wants the same major version and, below 1.0, the same minor version', () => {
  expect(isCompatible('0.1.9', '0.1.0')).toBe(true);
  expect(isCompatible('0.2.0', '0.1.0')).toBe(false);
  expect(isCompatible('1.7.0', '1.2.3')).toBe(true);
  expect(isCompatible('2.0.0', '1.2.3')).toBe(false);
  expect(isCompatible(null, '1.2.3')).toBe(false);
});

/** The names of what pip installs, and what of each is imported; protobuf comes with onnx, which cannot do without it. */
const importNames: Readonly<Record<string, string>> = {
  pyzmq: 'zmq',
  'quickjs-ng': 'quickjs',
  'scikit-learn': 'sklearn',
  protobuf: 'onnx',
};

it('trainerPackages and requirements.txt have every dependency of the module', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../../python/${name}`, import.meta.url), 'utf8');
  const [, list = ''] = /^dependencies = \[$(.*?)^\]$/ms.exec(read('pyproject.toml')) ?? [];
  const names = [...list.matchAll(/^ *"([\w-]+)/gm)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(5);
  const pinned = new Set([...read('requirements.txt').matchAll(/^([\w-]+)==/gm)].map(([, name]) => name));
  const looked: ReadonlySet<string> = new Set(trainerPackages);
  for (const name of names) {
    expect(pinned, 'what `setup python` installs').toContain(name);
    expect(looked, 'what is looked for before a training begins').toContain(importNames[name] ?? name);
  }
});
