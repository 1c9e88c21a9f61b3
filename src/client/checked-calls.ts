// What each call of the client takes, said once. Every argument and every option is checked before anything begins, and
// all mistakes of a call are told at once: plain JavaScript has no types that would tell them before.
import type { RemoteDaemon } from '../bridge/index.ts';
import type { CollectOptions, ReadHistoryOptions } from './collector.ts';
import type { DaemonOptions } from './daemon-process.ts';
import { optionsError } from './errors.ts';
import { makeInterruptible } from './interruptible.ts';
import type { Interruptible } from './interruptible.ts';
import type { CallOptions, PruneCallOptions, RollbackCallOptions } from './models.ts';
import type { DecideOptions } from './optimizer.ts';
import type { TrainOptions } from './trainer.ts';

/** What a value has to be: in words, and as a check. */
interface Wanted {
  readonly said: string;
  readonly fits: (value: unknown) => boolean;
  /** Of an object, what each of its names has to be. @default any names */
  readonly names?: Readonly<Record<string, Wanted>>;
  /** Whether it may have other names, which somebody else checks. @default false */
  readonly isOpen?: boolean;
}

/** One argument. It may be left out unless it is required. */
interface Argument {
  readonly name: string;
  readonly wanted: Wanted;
  readonly isRequired?: boolean;
}

/** Arguments of each function of an object. */
type CallTable<T> = { readonly [K in keyof T]: readonly Argument[] };

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Wanted = {
  said: 'text that is not empty',
  fits: (value) => typeof value === 'string' && value !== '',
};
const flag: Wanted = { said: 'true or false', fits: (value) => typeof value === 'boolean' };
const number: Wanted = { said: 'a finite number', fits: Number.isFinite };
const record: Wanted = { said: 'an object', fits: isRecord };
const list: Wanted = { said: 'an array', fits: Array.isArray };
const callback: Wanted = { said: 'a function', fits: (value) => typeof value === 'function' };
const signal: Wanted = { said: 'an AbortSignal', fits: (value) => value instanceof AbortSignal };
const time: Wanted = {
  said: 'a time such as "2024-01-31", "-2h", a Date or milliseconds',
  fits: (value) => ['string', 'number'].includes(typeof value) || value instanceof Date,
};

/** All the names of an object of options, which its type makes sure of. */
type NamesOf<T> = { readonly [K in keyof T & string]-?: Wanted };

const options = (names: Readonly<Record<string, Wanted>>): Argument => ({
  name: 'options',
  wanted: { ...record, names },
});

const required = (name: string, wanted: Wanted): Argument => ({ name, wanted, isRequired: true });
const optional = (name: string, wanted: Wanted): Argument => ({ name, wanted });

const range = { hours: number, minutes: number, from: time, to: time };
const rows = { table: text, anonymize: flag, signal };
const call = options({ signal } satisfies NamesOf<CallOptions>);
const reference = required('reference', text);
const decide = options({ signal, waitMs: number } satisfies NamesOf<DecideOptions>);
/** Options of exports stand in tables of their own, which the daemon checks. */
const exported: Wanted = { ...record, names: { signal }, isOpen: true };
const file: Wanted = {
  ...exported,
  said: 'an object with a path, or a format before a path',
  fits: (value) => isRecord(value) || typeof value === 'string',
};

const toFile = [optional('options', file), optional('path', text), optional('options', exported)];

/** Options of a client and of a daemon that it starts. */
export const clientArguments: readonly Argument[] = [
  options({
    home: text,
    remote: record,
    hz: number,
    horizonMs: number,
    processIntervalMs: number,
  } satisfies NamesOf<DaemonOptions & { home: string; remote: RemoteDaemon }>),
];

/** Arguments of the client's own calls, by their names. */
export const callTables = {
  collector: {
    collect: [options({ ...rows, seconds: number, hz: number } satisfies NamesOf<CollectOptions>)],
    history: [options({ ...rows, ...range } satisfies NamesOf<ReadHistoryOptions>)],
  },
  exporter: {
    exportRange: [optional('from', time), optional('to', time), ...toFile],
    exportRecent: [required('hours', number), ...toFile],
    exportTrainingData: [required('options', exported), optional('path', text), optional('watch', exported)],
  },
  trainer: {
    train: [
      options({
        estimator: text,
        task: text,
        window: record,
        search: record,
        logger: text,
        seed: number,
        backend: text,
        layers: list,
        epochs: number,
        batchSize: number,
        learningRate: number,
        earlyStopping: number,
        parameters: record,
        name: text,
        dataset: record,
        activate: flag,
        onProgress: callback,
        signal,
      } satisfies NamesOf<TrainOptions>),
    ],
  },
  models: {
    list: [call],
    show: [reference, call],
    verify: [reference, call],
    compare: [required('a', text), required('b', text), call],
    activate: [reference, call],
    answers: [call],
    rollback: [options({ signal, name: text } satisfies NamesOf<RollbackCallOptions>)],
    remove: [reference, call],
    prune: [options({ signal, keep: number, dryRun: flag } satisfies NamesOf<PruneCallOptions>)],
    repair: [options({ signal, dryRun: flag } satisfies NamesOf<CallOptions & { dryRun: boolean }>)],
    live: [call],
  },
  optimizer: { decide: [decide], explain: [decide] },
  client: {
    start: [
      options({ hz: number, horizonMs: number, processIntervalMs: number } satisfies NamesOf<DaemonOptions>),
    ],
    page: [call],
  },
} as const;

type Call = (...given: unknown[]) => unknown;

/**
 * The same functions, which refuse arguments that they cannot use.
 *
 * @param part Said before the name of a function in errors: `models` of `models.show`. @default nothing
 * @returns Functions that reject with `ERR_CLIENT_OPTIONS`, all mistakes in one report; nothing has begun then
 */
export function checkCalls<T extends object>(part: string, calls: T, table: CallTable<T>): T {
  const checked = Object.entries(calls).map(([name, run]: [string, Call]) => {
    const taken = table[name as keyof T];
    return [name, (...given: unknown[]) => refuse(part + name, taken, given) ?? run(...given)];
  });
  return Object.fromEntries(checked) as T;
}

/** @throws RuvectorError `ERR_CLIENT_OPTIONS` with every mistake of a call that gives no promise */
export function checkCall(name: string, taken: readonly Argument[], given: readonly unknown[]): void {
  const problems = findProblems(taken, given);
  if (problems.length > 0) throw optionsError(name, problems);
}

function refuse(
  name: string,
  taken: readonly Argument[],
  given: readonly unknown[],
): Interruptible<never> | undefined {
  const problems = findProblems(taken, given);
  if (problems.length === 0) return undefined;
  return makeInterruptible(
    () => undefined,
    () => Promise.reject(optionsError(name, problems)),
  );
}

function findProblems(taken: readonly Argument[], given: readonly unknown[]): string[] {
  return taken.flatMap(({ name, wanted, isRequired }, at) => {
    const value = given[at];
    if (value === undefined) return isRequired ? [`${name} is missing, wanted ${wanted.said}`] : [];
    return findFlaws(name, value, wanted);
  });
}

function findFlaws(name: string, value: unknown, wanted: Wanted): string[] {
  if (!wanted.fits(value)) return [`${name} is ${show(value)}, wanted ${wanted.said}`];
  const { names, isOpen = false } = wanted;
  if (!names || !isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = Object.hasOwn(names, key) ? names[key] : undefined;
    if (!known) return isOpen ? [] : [`"${key}" is not known (known: ${Object.keys(names).join(', ')})`];
    return inner === undefined ? [] : findFlaws(key, inner, known);
  });
}

/** A value in a few characters. An object may hold a key or a token, so its kind alone is said. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
