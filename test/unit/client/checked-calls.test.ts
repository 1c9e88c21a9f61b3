import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/index.ts';
import type { Client } from '../../../src/client/index.ts';

/** What plain JavaScript may pass, whatever the types say. */
type Loose = Record<string, (...given: unknown[]) => Promise<unknown>>;

const wrong: readonly unknown[] = [null, Number.NaN, 7n, true, Symbol('s'), () => undefined, [], new Date(0)];
const notOptions = [...wrong.filter((value) => !(value instanceof Date)), 'x', 3];
const of = (part: string, ...names: string[]): [string, string][] => names.map((name) => [part, name]);
const changes = ['activate', 'rollback', 'remove', 'prune', 'repair'];
const functions = [
  ...of('collector', 'collect', 'history'),
  ...of('exporter', 'exportRange', 'exportRecent', 'exportTrainingData'),
  ...of('trainer', 'train'),
  ...of('models', 'list', 'show', 'verify', 'compare', 'answers', 'live', ...changes),
  ...of('optimizer', 'decide', 'explain'),
  ...of('client', 'start', 'page'),
];

let home: string;
let client: Client;
const callsOf = (part: string): Loose =>
  (part === 'client' ? client : client[part as keyof Client]) as unknown as Loose;

/** Calls whose options come after what they are about. */
const before: Readonly<Record<string, readonly unknown[]>> = {
  show: ['m'],
  verify: ['m'],
  activate: ['m'],
  remove: ['m'],
  compare: ['a', 'b'],
  exportRange: [undefined, undefined],
  exportRecent: [1],
};

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'rv-calls-'));
  client = createClient({ home });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('checkCalls() refuses before anything begins', () => {
  it.each(functions)('checkCalls() knows every function: %s.%s', (part, name) => {
    expect(callsOf(part)[name]).toBeTypeOf('function');
  });

  it('checkCalls() is asked of every function that the client has', () => {
    const parts = ['collector', 'exporter', 'trainer', 'models', 'optimizer'];
    const all = parts.flatMap((part) => Object.keys(callsOf(part)).map((name) => `${part}.${name}`));
    expect(functions.map(([part, name]) => `${part}.${name}`)).toEqual(expect.arrayContaining(all));
  });

  it.each(functions)('checkCalls() refuses what cannot be the options of %s.%s', async (part, name) => {
    for (const value of notOptions) {
      if (name.startsWith('export') && value === 'x') continue; // a format, before a path
      const error: unknown = await callsOf(part)[name]!(...(before[name] ?? []), value).catch(
        (e: unknown) => e,
      );
      expect(error, String(value)).toMatchObject({ code: 'ERR_CLIENT_OPTIONS' });
      expect((error as Error).message).toMatch(/is .+, wanted .+; correct the options and call again/);
    }
  });

  it.each(functions)('checkCalls() refuses a signal of %s.%s that is none', async (part, name) => {
    if (name === 'start') return; // it takes none
    const given = [...(before[name] ?? []), { signal: 'soon', path: '/x.csv' }];
    await expect(callsOf(part)[name]!(...given)).rejects.toThrow('signal is "soon", wanted an AbortSignal');
  });

  it.each(functions)('checkCalls() names a mistyped option of %s.%s', async (part, name) => {
    if (name.startsWith('export')) return; // the daemon has their table
    const given = [...(before[name] ?? []), { singal: 1 }];
    await expect(callsOf(part)[name]!(...given)).rejects.toThrow('"singal" is not known (known: ');
  });

  it('checkCalls() tells all mistakes of a call at once', async () => {
    const train = callsOf('trainer')['train']!;
    await expect(train({ epochs: '5', onProgress: 1, seeed: 2 })).rejects.toThrow(
      /epochs is "5", wanted a finite number; onProgress is 1, wanted a function; "seeed" is not known/,
    );
    await expect(callsOf('models')['compare']!()).rejects.toThrow(/a is missing.*; b is missing/);
  });

  it('checkCalls() gives a promise that can be stopped, as the call itself does', async () => {
    const refused = client.collector.collect({ seconds: Number.NaN });
    refused.stop();
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CLIENT_OPTIONS' });
  });

  it('checkCalls() starts no daemon and writes nothing', () => {
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('given what it cannot use', () => {
  it.each([
    [null, 'options is null'],
    ['home', 'options is "home"'],
    [{ home: 3 }, 'home is 3, wanted text'],
    [{ home: '' }, 'home is ""'],
    [{ hom: '/x' }, '"hom" is not known (known: home, remote, hz'],
    [{ hz: '1' }, 'hz is "1", wanted a finite number'],
    [{ hz: Number.NaN }, 'hz is NaN'],
    [{ remote: 'tcp://db1:7700' }, 'remote is "tcp://db1:7700", wanted an object'],
  ])('createClient() refuses %o', (given, words) => {
    expect(() => createClient(given as never)).toThrow(words);
  });
});
