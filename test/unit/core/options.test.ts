import { describe, expect, it } from 'vitest';
import {
  completeOptions,
  defaultsOf,
  describeDefault,
  describeMs,
  describeWanted,
  findProblems,
  flagOf,
  toWireName,
} from '../../../src/core/index.ts';
import type { OptionEntry, OptionTable } from '../../../src/core/index.ts';
import { exportArguments, exportOptions, trainingOptions } from '../../../src/export/options/index.ts';
import {
  historyOptions,
  publishOptions,
  publishSettings,
} from '../../../src/export/publish/publish-options.ts';
import { anonymizerOptions, trainingSetOptions } from '../../../src/prepare/index.ts';
import { streamOptions } from '../../../src/stream/index.ts';

const table = {
  color: { type: 'choice', choices: ['red', 'blue'], default: 'red', about: 'which one', example: 'blue' },
  widthMs: {
    type: 'integer',
    unit: 'ms',
    range: { min: 1, max: 10 },
    wanted: '1 to 10',
    about: 'how wide',
    example: 2,
  },
  parts: { type: 'names', choices: ['a', 'b'], words: ['all'], about: 'which', example: ['a'] },
  isOn: { type: 'boolean', default: false, about: 'switch', example: true },
} as const satisfies OptionTable;

const tables: Readonly<Record<string, OptionTable>> = {
  anonymizerOptions,
  exportArguments,
  exportOptions,
  historyOptions,
  publishOptions,
  publishSettings,
  streamOptions,
  trainingOptions,
  trainingSetOptions,
};
const entries = Object.entries(tables).flatMap(([name, options]) =>
  Object.entries(options).map(([option, entry]): [string, string, OptionEntry] => [name, option, entry]),
);

describe('findProblems()', () => {
  it('names each value that is none of its option, and what would be', () => {
    const wrong = { color: 'green', widthMs: 0.5, parts: ['a', 'a'], isOn: 1 };
    expect(findProblems(table, wrong)).toEqual([
      'color is "green", wanted one of red, blue',
      'widthMs is 0.5, wanted 1 to 10',
      'parts is ["a","a"], wanted some of a, b, each once',
      'isOn is 1, wanted true or false',
    ]);
  });

  it.each([
    [{}],
    [{ color: undefined, unknown: 7 }],
    [{ widthMs: 10, parts: 'all' }],
    [{ parts: ['b', 'a'], isOn: true }],
  ])('takes %j', (given) => expect(findProblems(table, given)).toEqual([]));

  it.each([
    [{ widthMs: 11 }],
    [{ widthMs: Number.NaN }],
    [{ widthMs: '5' }],
    [{ parts: 'b' }],
    [{ parts: [] }],
  ])('refuses %j', (given) => expect(findProblems(table, given)).toHaveLength(1));

  it.each(entries)('takes the default and the example of %s.%s', (_table, name, entry) => {
    for (const value of [entry.default, entry.example]) {
      expect(findProblems({ [name]: entry }, { [name]: value })).toEqual([]);
    }
  });

  it.each(entries.filter(([, , { range }]) => range))(
    'refuses what is beyond %s.%s',
    (_table, name, entry) => {
      const { min, max, above, below } = entry.range!;
      const beyond = [
        ...(min === undefined ? [] : [min - 1]),
        ...(max === undefined ? [] : [max + 1]),
        ...[above, below].filter((value) => value !== undefined),
      ];
      expect(beyond.length).toBeGreaterThan(0);
      for (const value of beyond) {
        const problem = `${name} is ${value}, wanted ${describeWanted(entry)}`;
        expect(findProblems({ [name]: entry }, { [name]: value })).toEqual([problem]);
      }
      expect(entry.wanted).toBeDefined();
    },
  );
});

describe('completeOptions()', () => {
  it('fills in defaults and leaves out what the table does not have', () => {
    expect(defaultsOf(table)).toEqual({ color: 'red', isOn: false });
    const given = { color: undefined, widthMs: 3, unknown: 1 };
    expect(completeOptions(table, given)).toEqual({ color: 'red', isOn: false, widthMs: 3 });
  });
});

describe('flagOf()', () => {
  it('makes a flag of a name, its type and its unit', () => {
    const flags = Object.entries(table).map(([name, entry]) => flagOf(name, entry));
    expect(flags).toEqual(['--color <name>', '--width <time>', '--parts <names>', '--is-on']);
    expect(flagOf('color', { ...table.color, flag: '--paint <color>' })).toBe('--paint <color>');
  });

  it.each(Object.entries(tables))('gives every option of %s a flag of its own', (_name, options) => {
    const flags = Object.entries(options).map(([name, entry]) => flagOf(name, entry).split(' ')[0]);
    expect(new Set(flags).size).toBe(flags.length);
  });
});

describe('toWireName()', () => {
  it('writes a name with underscores', () => {
    expect(toWireName('sampleIntervalMs')).toBe('sample_interval_ms');
    expect(toWireName('k')).toBe('k');
  });
});

describe('describeDefault()', () => {
  it('says what holds without the option, in the unit of its flag', () => {
    expect(describeDefault(exportOptions.timePrecisionMs)).toBe('1h');
    expect(describeDefault(exportOptions.sampleIntervalMs)).toBe('every sample');
    expect(describeDefault(exportOptions.includeEvents)).toBeUndefined();
  });
});

describe('describeMs()', () => {
  it('takes the largest unit that is whole', () => {
    expect([1500, 60_000, 5_400_000, 172_800_000, 0].map(describeMs)).toEqual([
      '1500ms',
      '1m',
      '90m',
      '2d',
      '0ms',
    ]);
  });
});
