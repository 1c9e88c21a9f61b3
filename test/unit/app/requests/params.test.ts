import { describe, expect, it } from 'vitest';
import { parseParams, requireParam } from '../../../../src/app/requests/params.ts';

const schema = { from_ms: 'number', follow: 'boolean', name: 'string', extra: 'object' } as const;

describe('parseParams()', () => {
  it('returns what was given and drops nulls', () => {
    expect(parseParams('memory', schema, { from_ms: 5, follow: null })).toEqual({ from_ms: 5 });
    expect(parseParams('memory', schema, undefined)).toEqual({});
  });

  it('names every unknown and mistyped parameter', () => {
    const parse = (): unknown => parseParams('memory', schema, { form_ms: 1, follow: 'yes', name: 3 });
    expect(parse).toThrow(/"form_ms" is not known.*"follow" is "yes", wanted a boolean.*"name" is 3/);
    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_APP_PARAMS' }));
  });

  it('knows no parameter by the name of what every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const given = JSON.parse(`{"${name}":1}`) as unknown;
      expect(() => parseParams('memory', schema, given)).toThrow(`"${name}" is not known`);
    }
  });
});

describe('requireParam()', () => {
  it('throws the name of what is missing', () => {
    expect(requireParam('models.show', 'reference', 'a')).toBe('a');
    expect(() => requireParam('models.show', 'reference', undefined)).toThrow('"reference" is missing');
  });
});
