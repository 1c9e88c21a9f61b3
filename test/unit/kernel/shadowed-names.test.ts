// Names of cells that are names of globals.
import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ShadowedNames, restoreNames } from '../../../kernel/runtime/shadowed-names.ts';

const rename = (script: string, ...names: string[]): string => {
  const shadowed = new ShadowedNames(['Map', 'Promise', 'fetch', 'URL', 'process']);
  shadowed.add(names);
  return shadowed.rename(script);
};

describe('ShadowedNames rename()', () => {
  it.each([
    ['let Map = 5; Map + 1', 'let Map$ofCells = 5; Map$ofCells + 1'],
    ['let x = { Map }', 'let x = { Map: Map$ofCells }'],
    ['let { Map } = y', 'let { Map: Map$ofCells } = y'],
    ['let { Map = 1, a: [Promise] } = y', 'let { Map: Map$ofCells = 1, a: [Promise$ofCells] } = y'],
    ['x.Map; ({ Map: 1 }); x?.Map', 'x.Map; ({ Map: 1 }); x?.Map'],
    ['x[Map]; ({ [Map]: 1 })', 'x[Map$ofCells]; ({ [Map$ofCells]: 1 })'],
    ['let Map = class Map { m() { return Map } }', 'let Map$ofCells = class Map { m() { return Map } }'],
    ['function f(Map) { return Map }', 'function f(Map) { return Map }'],
    ['() => { var Map = 1; return Map }', '() => { var Map = 1; return Map }'],
    ['() => { { var Map } return Map }', '() => { { var Map } return Map }'],
    ['{ let Map; Map } Map', '{ let Map; Map } Map$ofCells'],
    ['for (const Map of Map2) Map', 'for (const Map of Map2) Map'],
    ['try {} catch ({ Map }) { Map }', 'try {} catch ({ Map }) { Map }'],
    ['switch (1) { case 1: const Map = 1; Map }', 'switch (1) { case 1: const Map = 1; Map }'],
    ['Map: for (;;) break Map', 'Map: for (;;) break Map'],
    ['`${Map} Map` + "Map"', '`${Map$ofCells} Map` + "Map"'],
    [
      'class A { Map = Map; static { let Map; Map } }',
      'class A { Map = Map$ofCells; static { let Map; Map } }',
    ],
    ['typeof Map; [Map] = [1]; Map++', 'typeof Map$ofCells; [Map$ofCells] = [1]; Map$ofCells++'],
    ['let fetch = () => 1', 'let fetch = () => 1'],
  ])('gives %j as %j', (script, wanted) => {
    expect(rename(script, 'Map', 'Promise')).toBe(wanted);
  });

  it.each(['() => 1', 'function () {}', 'class {}', 'async () => {}', '(() => 1)'])(
    'keeps the name of a function when it is set to %s',
    (made) => {
      const text = rename(`let fetch = ${made}; fetch.name`, 'fetch');
      expect(runInThisContext(`(() => { ${text.replace('; fetch', '; return fetch')} })()`)).toBe('fetch');
    },
  );

  it('leaves names alone that are no globals, and all of them when none was declared', () => {
    expect(rename('let rows = 1; rows', 'rows')).toBe('let rows = 1; rows');
    expect(rename('new Map()')).toBe('new Map()');
  });
});

describe('restoreNames()', () => {
  it('gives names in texts of the engine as cells write them', () => {
    expect(restoreNames('Map$ofCells is not a constructor')).toBe('Map is not a constructor');
  });
});
