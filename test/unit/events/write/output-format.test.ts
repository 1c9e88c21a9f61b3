// Formats of files by their suffix.
import { expect, it } from 'vitest';
import { outputFormatOf } from '../../../../src/events/write/output-format.ts';

it.each([
  ['a.raw', undefined, undefined, 'evt2'],
  ['a.raw', undefined, 'evt3', 'evt3'],
  ['a.raw', undefined, 'text', 'evt2'],
  ['a.RAW', 'evt21', 'evt3', 'evt21'],
  ['a.h5', undefined, 'evt3', 'hdf5'],
  ['a.csv', undefined, undefined, 'csv'],
  ['-', 'arrow', undefined, 'arrow'],
] as const)('outputFormatOf(%j, %j, %j) gives %j', (path, declared, likely, format) => {
  expect(outputFormatOf(path, declared, likely)).toBe(format);
});

it('outputFormatOf() names the suffixes there are when there is none', () => {
  expect(() => outputFormatOf('a.aedat4')).toThrow(expect.objectContaining({ code: 'ERR_EVENTS_SUFFIX' }));
  expect(() => outputFormatOf('noted')).toThrow(/\.parquet/);
});
