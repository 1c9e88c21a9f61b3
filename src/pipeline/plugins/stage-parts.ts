// The native stages as parts that can be named.
import {
  bin,
  cast,
  castTypes,
  drop,
  dropValues,
  fill,
  filter,
  groupBy,
  jitter,
  normalize,
  normalizeMethods,
  oneHot,
  rename,
  sample,
  select,
  sort,
  windowed,
  windowFunctions,
  withColumns,
} from '../plan/stages/index.ts';
import type { WindowAggregate } from '../plan/stages/index.ts';
import { defineTransform } from './define-part.ts';
import type { PartRegistry } from './plugin-entry.ts';

const columns = { type: 'names', about: 'the columns', example: ['rss_kib', 'cpu_percent'] } as const;
const column = { type: 'text', about: 'the column', example: 'used_percent' } as const;
const by = {
  type: 'names',
  defaultText: 'none',
  about: 'columns whose equal values make a group',
  example: ['pid'],
} as const;
const seed = { type: 'integer', about: 'the same seed gives the same result', example: 1 } as const;
const above0 = { range: { min: 1 }, wanted: 'a whole number above 0' } as const;
const milliseconds = { type: 'integer', unit: 'ms', range: { min: 1 }, wanted: 'a time above 0' } as const;
const share = { type: 'number', range: { min: 0, max: 1 }, wanted: 'a share from 0 to 1' } as const;
const expressions = {
  type: 'names',
  wanted: 'a list of SQL expressions',
  about: 'SQL expressions over the columns that reach it',
  example: ['pid', 'rss_kib / 1024.0 as rss_mb'],
} as const;

const rowStages = [
  defineTransform({
    name: 'select',
    about: 'keep or compute columns, in this order',
    options: { columns: expressions },
    required: ['columns'],
    create: (options) => select(...options.columns),
  }),
  defineTransform({
    name: 'with-columns',
    about: 'add columns, or compute some anew',
    options: { columns: { ...expressions, example: ['rss_kib / 1024.0 as rss_mb'] } },
    required: ['columns'],
    create: (options) => withColumns(...options.columns),
  }),
  defineTransform({
    name: 'filter',
    about: 'keep the rows for which a condition is true',
    options: {
      where: { type: 'text', about: 'a condition in SQL', example: "used_percent > 90 AND name <> 'init'" },
    },
    required: ['where'],
    create: ({ where }) => filter(where),
  }),
  defineTransform({
    name: 'drop',
    about: 'leave columns out',
    options: { columns },
    required: ['columns'],
    create: (options) => drop(...options.columns),
  }),
  defineTransform({
    name: 'rename',
    about: 'give columns other names',
    options: {
      names: {
        type: 'mapping',
        wanted: 'old names with the new one each',
        about: 'old name to new name',
        example: { rss_kib: 'rss' },
      },
    },
    required: ['names'],
    create: ({ names }) =>
      rename(Object.fromEntries(Object.entries(names).map(([old, name]) => [old, String(name)]))),
  }),
  defineTransform({
    name: 'cast',
    about: 'give columns another type',
    options: {
      types: { type: 'mapping', choices: castTypes, about: 'column to type', example: { pid: 'Int64' } },
      strict: {
        type: 'boolean',
        default: true,
        about: 'a value that does not fit ends the run; false makes it null',
        example: false,
      },
    },
    required: ['types'],
    create: ({ types, strict }) => cast(types, { strict }),
  }),
];

const cleaningStages = [
  defineTransform({
    name: 'fill',
    about: 'replace missing values by one value, by the one before, or by the mean or median of the column',
    options: {
      columns,
      value: { type: 'scalar', about: 'a value', example: 0 },
      method: {
        type: 'choice',
        choices: ['forward', 'mean', 'median'],
        about: 'how a value is found',
        example: 'forward',
      },
      nan: { type: 'boolean', default: false, about: 'NaN is missing too', example: true },
      by,
    },
    required: ['columns'],
    check: ({ value, method }) =>
      (value === undefined) === (method === undefined) ? ['fill needs value or method, one of both'] : [],
    create: ({ columns: filled, value, method, nan, by: groups = [] }) =>
      fill({ columns: filled, with: value === undefined ? method! : { value }, nan, by: groups }),
  }),
  defineTransform({
    name: 'normalize',
    about: 'put columns on one scale, learned from the whole table',
    options: {
      columns,
      method: {
        type: 'choice',
        choices: normalizeMethods,
        default: 'z-score',
        about: 'mean and deviation, range, or median and quartiles',
        example: 'robust',
      },
    },
    required: ['columns'],
    create: (options) => normalize(options),
  }),
  defineTransform({
    name: 'one-hot',
    about: 'turn the values of a column into columns of 0 and 1',
    options: {
      column: { ...column, example: 'state' },
      categories: {
        type: 'names',
        defaultText: 'those of the table, sorted',
        about: 'values that get a column',
        example: ['R', 'S'],
      },
      keep: { type: 'boolean', default: false, about: 'keep the column itself', example: true },
      maxCategories: {
        type: 'integer',
        ...above0,
        default: 100,
        about: 'most categories that are taken from the table',
        example: 20,
      },
    },
    required: ['column'],
    create: ({ categories, ...options }) => oneHot({ ...options, ...(categories && { categories }) }),
  }),
  defineTransform({
    name: 'bin',
    about: 'add the number of the bin of a value',
    options: {
      column,
      edges: {
        type: 'numbers',
        about: 'increasing; bin 0 is below the first, an edge belongs to the bin above it',
        example: [50, 80, 95],
      },
      quantiles: {
        type: 'integer',
        range: { min: 1, max: 1000 },
        wanted: 'a whole number from 1 to 1000',
        about: 'so many bins of equal size',
        example: 4,
      },
      name: {
        type: 'text',
        defaultText: 'the column with `_bin`',
        about: 'name of the new column',
        example: 'level',
      },
    },
    required: ['column'],
    check: ({ edges, quantiles }) =>
      (edges === undefined) === (quantiles === undefined)
        ? ['bin needs edges or quantiles, one of both']
        : [],
    create: ({ column: binned, edges, quantiles, name }) =>
      bin({
        column: binned,
        ...(edges ? { edges } : { quantiles: quantiles! }),
        ...(name !== undefined && { name }),
      }),
  }),
];

const orderStages = [
  defineTransform({
    name: 'window',
    about: 'add aggregates over the rows before each row',
    options: {
      aggregates: {
        type: 'names',
        wanted: `a list like [mean(used_percent)], of ${windowFunctions.join(', ')}`,
        about: 'what is computed, with a name behind `as` if wanted',
        example: ['mean(used_percent)', 'max(psi_some) as peak'],
      },
      rows: {
        type: 'integer',
        ...above0,
        about: 'over so many rows, the row itself being the last',
        example: 60,
      },
      time: { type: 'text', about: 'the column that has the time', example: 'timestamp' },
      spanMs: { ...milliseconds, about: 'over the rows of so long before it', example: 60_000 },
      by,
    },
    required: ['aggregates'],
    check: ({ aggregates = [], rows, time, spanMs }) => [
      ...aggregates
        .filter((text) => parseAggregate(text) === null)
        .map((text) => `"${text}" is no function(column)`),
      ...((rows === undefined) === (spanMs === undefined)
        ? ['window needs rows or spanMs, one of both']
        : []),
      ...((time === undefined) === (spanMs === undefined) ? [] : ['spanMs and time belong together']),
    ],
    create: ({ aggregates, rows, time, spanMs, by: groups = [] }) =>
      windowed({
        over: rows === undefined ? { column: time!, ms: spanMs! } : { rows },
        aggregates: aggregates.map((text) => parseAggregate(text)!),
        by: groups,
      }),
  }),
  defineTransform({
    name: 'group',
    about: 'one row a group',
    options: {
      by: { ...by, about: 'columns whose equal values make a group' },
      aggregates: {
        ...expressions,
        about: 'SQL aggregates',
        example: ['max(rss_kib) as peak_kib', 'count(*) as samples'],
      },
    },
    required: ['by', 'aggregates'],
    create: (options) => groupBy(options),
  }),
  defineTransform({
    name: 'sort',
    about: 'sort the whole table; equal rows stay in their order',
    options: {
      by: { ...by, about: 'columns to sort by' },
      descending: { type: 'boolean', default: false, about: 'the largest first', example: true },
      nullsLast: { type: 'boolean', default: false, about: 'null behind all others', example: true },
    },
    required: ['by'],
    create: (options) => sort(options),
  }),
  defineTransform({
    name: 'sample',
    about: 'keep each n-th row, a random share, or the first rows of each stretch of time',
    options: {
      every: {
        type: 'integer',
        ...above0,
        about: 'the first row and each so many-th behind it',
        example: 10,
      },
      share: { ...share, about: 'each row is kept with this chance; needs `seed`', example: 0.1 },
      seed,
      time: { type: 'text', about: 'the column that has the time; needs `everyMs`', example: 'timestamp' },
      everyMs: { ...milliseconds, about: 'the stretch, counted from the epoch', example: 60_000 },
      by,
    },
    check: ({ every, share: part, seed: given, time, everyMs }) => {
      const ways = [every, part, everyMs].filter((way) => way !== undefined).length;
      return [
        ...(ways === 1 ? [] : ['sample needs every, share or everyMs, one of them']),
        ...((part === undefined) === (given === undefined) ? [] : ['share and seed belong together']),
        ...((time === undefined) === (everyMs === undefined) ? [] : ['everyMs and time belong together']),
      ];
    },
    create: ({ every, share: part, seed: given, time, everyMs, by: groups = [] }) => {
      if (every !== undefined) return sample({ every });
      return part === undefined
        ? sample({ column: time!, ms: everyMs!, by: groups })
        : sample({ share: part, seed: given! });
    },
  }),
  defineTransform({
    name: 'jitter',
    about: 'add normal noise to numbers',
    options: {
      columns,
      deviation: {
        type: 'number',
        range: { min: 0 },
        wanted: 'a number from 0',
        about: 'standard deviation, in units of the column',
        example: 0.5,
      },
      relative: {
        type: 'boolean',
        default: false,
        about: 'the deviation is a share of the value',
        example: true,
      },
      seed,
    },
    required: ['columns', 'deviation', 'seed'],
    create: (options) => jitter(options),
  }),
  defineTransform({
    name: 'drop-values',
    about: 'make values null by chance',
    options: { columns, share: { ...share, about: 'chance of each value', example: 0.05 }, seed },
    required: ['columns', 'share', 'seed'],
    create: (options) => dropValues(options),
  }),
];

/** `mean(used_percent) as level`; null for a text that is none. */
function parseAggregate(text: string): WindowAggregate | null {
  const [, called, aggregated, name] = /^\s*(\w+)\(\s*([^()]+?)\s*\)(?:\s+as\s+(\S+))?\s*$/i.exec(text) ?? [];
  const known = windowFunctions.find((one) => one === called);
  if (known === undefined || aggregated === undefined) return null;
  return { column: aggregated, function: known, ...(name !== undefined && { name }) };
}

/** Registers them. */
export function registerStages(registry: PartRegistry): void {
  for (const stage of [...rowStages, ...cleaningStages, ...orderStages]) registry.transform(stage);
}
