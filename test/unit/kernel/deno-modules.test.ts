import { describe, expect, it } from 'vitest';
import { packageOf } from '../../../kernel/runtime/deno/deno-modules.ts';

describe('packageOf()', () => {
  it('gives the installed package of a specifier, without its version', () => {
    const cases = {
      'npm:d3': 'd3',
      'npm:moment@2.29.4': 'moment',
      'npm:/react@18/jsx-runtime': 'react/jsx-runtime',
      'npm:@observablehq/plot@^0.6': '@observablehq/plot',
      'npm:react-dom/server': 'react-dom/server',
      'jsr:@std/assert@1/equals': '@std/assert/equals',
    };
    expect(Object.fromEntries(Object.keys(cases).map((name) => [name, packageOf(name)]))).toEqual(cases);
  });

  it('leaves other specifiers alone', () => {
    for (const name of ['d3', './npm:x.ts', 'node:fs', 'https://esm.sh/d3', 'npm:'])
      expect(packageOf(name)).toBeNull();
  });
});
