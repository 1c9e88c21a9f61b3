// Names, versions, references and aliases.json.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  buildVersion,
  checkName,
  isVersion,
  parseAliases,
  parseReference,
} from '../../../src/models/reference.ts';

const version = '20260102T030405006-0123abcd';

it('buildVersion() is UTC time and the start of the digest', () => {
  expect(buildVersion(Date.UTC(2026, 0, 2, 3, 4, 5, 6), '0123abcdef')).toBe(version);
});

it.each([
  ['memopt', { name: 'memopt', target: 'live' }],
  ['memopt@live', { name: 'memopt', target: 'live' }],
  ['memopt@candidate', { name: 'memopt', target: 'candidate' }],
  [`a.b-c_1@${version}`, { name: 'a.b-c_1', target: version }],
])('parseReference() takes %s apart', (reference, expected) => {
  expect(parseReference(reference)).toEqual(expected);
});

it.each([
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  '/etc',
  '.hidden',
  'a..b',
  'a\0',
  'x'.repeat(65),
  'a b',
  'ü',
])('checkName() refuses %j', (name) => {
  expect(() => checkName(name)).toThrow(/Cannot use model name/);
});

it.each(['memopt@', 'memopt@newest', 'memopt@../x', `memopt@${version}/..`, '@live'])(
  'parseReference() refuses %j',
  (reference) => {
    expect(() => parseReference(reference)).toThrow(/Cannot use model/);
  },
);

it('checkName() lets no path separator or parent directory through', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '\0', '@', ' ') }), (name) => {
      try {
        return !/[/\\\0]|\.\.|^\./.test(checkName(name));
      } catch {
        return true;
      }
    }),
  );
});

it('parseAliases() takes versions and nulls, and nothing else', () => {
  const aliases = { live: version, previous: null, candidate: null };
  expect(parseAliases(JSON.stringify(aliases))).toEqual(aliases);
  expect(isVersion(version)).toBe(true);
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{}',
    '{"live":null}',
    JSON.stringify({ ...aliases, live: '../x' }),
  ]) {
    expect(parseAliases(text)).toBeUndefined();
  }
});
