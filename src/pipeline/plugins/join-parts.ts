// Joins as parts that can be named: their other table is a source of its own.
import type { NativeSource } from '../contract.ts';
import { joinedSourceError } from './errors.ts';
import { isNativeSource } from '../plan/pipeline-parts.ts';
import type { AnySource } from '../plan/pipeline-parts.ts';
import { asOfStrategies, join, joinKinds, joinOnTime } from '../plan/stages/index.ts';
import { defineTransform } from './define-part.ts';
import type { PartRegistry } from './plugin-entry.ts';

const joinOptions = {
  columns: {
    type: 'names',
    defaultText: 'all',
    about: 'columns of the other table to take',
    example: ['state'],
  },
  suffix: {
    type: 'text',
    default: '_right',
    about: 'stands behind names that both tables have',
    example: '_host',
  },
} as const;

const joinStages = [
  defineTransform({
    name: 'join',
    about: 'join another table by equal keys; rows stay in their order',
    options: {
      on: { type: 'names', about: 'columns that both tables have', example: ['pid'] },
      how: {
        type: 'choice',
        choices: joinKinds,
        default: 'left',
        about: 'what becomes of rows without a partner',
        example: 'inner',
      },
      ...joinOptions,
    },
    required: ['on'],
    sources: { table: 'the other table' },
    create: ({ columns: taken, ...options }, { sources }) =>
      join({ ...options, with: nativeOf('join', sources['table']), ...(taken && { columns: taken }) }),
  }),
  defineTransform({
    name: 'join-on-time',
    about: 'add to each row the columns of its partner in time',
    options: {
      on: { type: 'text', about: 'the time column of both tables', example: 'timestamp' },
      by: {
        type: 'names',
        defaultText: 'none',
        about: 'partners have equal values in these',
        example: ['pid'],
      },
      toleranceMs: {
        type: 'integer',
        unit: 'ms',
        range: { min: 1 },
        wanted: 'a time above 0',
        defaultText: 'any',
        about: 'farthest that a partner may be away',
        example: 2000,
      },
      strategy: {
        type: 'choice',
        choices: asOfStrategies,
        default: 'backward',
        about: 'the last row before, the first after, or the nearest',
        example: 'nearest',
      },
      ...joinOptions,
    },
    required: ['on'],
    sources: { table: 'the other table' },
    create: ({ columns: taken, by: groups = [], toleranceMs, ...options }, { sources }) =>
      joinOnTime({
        ...options,
        by: groups,
        with: nativeOf('join-on-time', sources['table']),
        ...(taken && { columns: taken }),
        ...(toleranceMs !== undefined && { toleranceMs }),
      }),
  }),
];

/** Plans join tables that they can read by themselves. */
function nativeOf(stage: string, source: AnySource | undefined): NativeSource {
  if (source && isNativeSource(source)) return source;
  throw joinedSourceError(stage, source && 'name' in source ? source.name : null);
}

/** Registers them. */
export function registerJoins(registry: PartRegistry): void {
  for (const stage of joinStages) registry.transform(stage);
}
