// Completion of cells: where the cursor stands, and one list out of types and live values.
import { setTimeout as delay } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodeAssistant } from '../../../kernel/language/code-assistant.ts';
import {
  closeOpenCode,
  readCallAfter,
  readCompletionPlace,
  readObjectStart,
  toCodePoints,
  toUtf16,
} from '../../../kernel/language/completion-place.ts';
import { buildListing, installListing } from '../../../kernel/language/live-listing.ts';
import type { LiveValues } from '../../../kernel/language/live-values.ts';
import { createFrameReader } from '../../../kernel/language/lsp-client.ts';
import { mergeCompletions } from '../../../kernel/language/merge-completions.ts';
import type { TypeService } from '../../../kernel/language/type-service.ts';

/** Texts with characters of one and of two units. */
const texts = fc
  .array(fc.constantFrom('a', '\n', 'é', '😀', 'e\u0301', '\u{10ffff}', '\r\n\r\n'))
  .map((parts) => parts.join(''));

describe('readCompletionPlace()', () => {
  it.each([
    ['us', 'name', null, 'us'],
    ['user.na', 'member', 'user', 'na'],
    ['user?.na', 'member', 'user', 'na'],
    ['a.b.c', 'member', 'a.b', 'c'],
    ['rows[0].na', 'member', 'rows[0]', 'na'],
    ['rows[i].na', 'member', 'rows[i]', 'na'],
    ['await load(); user.na', 'member', 'user', 'na'],
    ['`a ${user.na', 'member', 'user', 'na'],
    ['`${`x`} ${us', 'name', null, 'us'],
    ['/["`]/.test(us', 'name', null, 'us'],
    ['f().x', 'member', null, 'x'],
    ['df["co', 'key', 'df', 'co'],
    ["a.df['", 'key', 'a.df', ''],
    ['import x from "node:f', 'module', null, 'node:f'],
    ['import x from "./lo', 'module', null, 'lo'],
    ['await import("apa', 'module', null, 'apa'],
    ['read("./data/fi', 'path', './data/', 'fi'],
    ['%cd ../no', 'folder', '../', 'no'],
    ['%ti', 'magic', null, '%ti'],
    ['%%py', 'magic', null, '%%py'],
    ['// user.na', 'nothing', null, ''],
    ['/* user.na', 'nothing', null, ''],
    ['%%python\nuser.na', 'nothing', null, ''],
    ['%%time\nuser.na', 'member', 'user', 'na'],
    ["%env IT=it's\nuser.na", 'member', 'user', 'na'],
  ])('reads %j', (code, kind, base, prefix) => {
    expect(readCompletionPlace(code, code.length)).toMatchObject({
      kind,
      base,
      prefix,
      start: code.length - prefix.length,
    });
  });

  it.each([
    ['df.select("a', ['df']],
    ["df.select('b', `a", ['df']],
    ['df.filter(pl.col("a', ['pl', 'df']],
    ['df.filter(x > 1).select(["a', ['df']],
    ['join(left.of, right.getColumn("a', ['right', 'left']],
  ])('finds what a text in %s may be a column of', (code, around) => {
    const place = readCompletionPlace(code, code.length);
    expect([place.kind, place.prefix]).toEqual(['text', 'a']);
    expect(place.around).toEqual(around);
  });
});

describe('closeOpenCode()', () => {
  // `|` is the cursor.
  it.each([
    ['f({ |', 'f({ })'],
    ['f({ a: 1, |})', 'f({ a: 1, })'],
    ['f({ a: [1, |', 'f({ a: [1, ]})'],
    ['f({ a: "x|', 'f({ a: "x"})'],
    ['f({ |\nconst later = 1', 'f({ })\nconst later = 1'],
    ['`a ${f(|', '`a ${f()}`'],
    ['f(|) + g(', 'f() + g('],
    ['"{(" + f(|', '"{(" + f()'],
  ])('closes %s', (marked, text) => {
    expect(closeOpenCode(marked.replace('|', ''), marked.indexOf('|'))).toBe(text);
  });
});

describe('readObjectStart()', () => {
  it('finds the braces around', () => {
    const code = 'f({ a: [1], b: g(2';
    expect([4, 8, 15, 18].map((offset) => readObjectStart(code, offset))).toEqual([2, null, 2, null]);
  });
});

describe('readCallAfter()', () => {
  it('finds the bracket behind a name', () => {
    expect(['a.bc(1)', 'a.bc', 'abc  (1)'].map((code) => readCallAfter(code, 2))).toEqual([5, null, null]);
  });
});

describe('toUtf16()', () => {
  it('undoes toCodePoints() at every character', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, at) => {
        const points = Array.from(text);
        const position = points.length === 0 ? 0 : at % points.length;
        expect(toCodePoints(text, toUtf16(text, position))).toBe(position);
      }),
    );
  });
});

describe('mergeCompletions()', () => {
  const merge = (code: string, typed: { label: string; kind: number }[], live: [string, string][]): object =>
    mergeCompletions(code, Array.from(code).length, readCompletionPlace(code, code.length), typed, live);

  it('takes kinds from types, adds what only values know and keeps to the prefix', () => {
    const typed = [
      { label: 'name', kind: 5 },
      { label: 'next', kind: 2 },
      { label: 'other', kind: 5 },
    ];
    expect(
      merge('a.n', typed, [
        ['name', 'function'],
        ['nowhere', 'property'],
      ]),
    ).toMatchObject({
      matches: ['name', 'next', 'nowhere'],
      metadata: {
        _jupyter_types_experimental: [
          { text: 'name', type: 'property', start: 2, end: 3 },
          { text: 'next', type: 'function', start: 2, end: 3 },
          { text: 'nowhere', type: 'property', start: 2, end: 3 },
        ],
      },
    });
  });

  it('counts code points', () => {
    expect(merge('"😀" + a.n', [], [['name', 'property']])).toMatchObject({
      cursor_start: 8,
      cursor_end: 9,
    });
  });

  it('puts columns first, what every object has last, and keeps to the alphabet whatever the case', () => {
    const live: [string, string][] = ['toString', 'Zeta', 'alpha', '_hidden'].map((name) => [
      name,
      'function',
    ]);
    expect(merge('a.', [], [...live, ['width', 'column']])).toMatchObject({
      matches: ['width', 'alpha', 'Zeta', '_hidden', 'toString'],
    });
  });

  it("puts the notebook's names before the language's", () => {
    expect(
      merge(
        'so',
        [{ label: 'sooner', kind: 14 }],
        [
          ['some', 'function'],
          ['sooner', 'keyword'],
          ['sorted', 'instance'],
        ],
      ),
    ).toMatchObject({ matches: ['sorted', 'some', 'sooner'] });
  });

  it('gives names of members that are names, and any key', () => {
    expect(merge('a.', [], [['a b', 'property']])).toMatchObject({ matches: [] });
    expect(merge('a["', [], [['a b', 'property']])).toMatchObject({ matches: ['a b'] });
  });
});

describe('createCodeAssistant()', () => {
  const broken = (): Promise<never> => Promise.reject(new Error('gone'));
  const live = { members: async () => [['width', 'property']] } as unknown as LiveValues;
  const types = { isWarm: () => true, complete: async () => [{ label: 'wide' }] } as unknown as TypeService;

  it('answers from values alone when types fail, and the other way round', async () => {
    const deadTypes = { isWarm: () => true, complete: broken } as unknown as TypeService;
    const deadLive = { members: broken } as unknown as LiveValues;
    expect(await createCodeAssistant(live, deadTypes).complete('a.w', 3)).toMatchObject({
      matches: ['width'],
    });
    expect(await createCodeAssistant(deadLive, types).complete('a.w', 3)).toMatchObject({
      matches: ['wide'],
    });
  });

  it.each([false, true])(
    'does not wait for types that are slow when values have an answer (types were read: %s)',
    async (isWarm) => {
      const slow = { isWarm: () => isWarm, complete: () => new Promise(() => {}) } as unknown as TypeService;
      expect(await createCodeAssistant(live, slow).complete('a.w', 3)).toMatchObject({ matches: ['width'] });
    },
  );

  it('waits for types that are slow when values have none, as for the name of a package', async () => {
    const complete = (): Promise<unknown> => delay(300, [{ label: 'wide' }]);
    const slow = { isWarm: () => true, complete } as unknown as TypeService;
    expect(await createCodeAssistant(live, slow).complete('import x from "w', 16)).toMatchObject({
      matches: ['wide'],
    });
  });
});

describe('buildListing()', () => {
  const list = (code: string): ((...values: unknown[]) => unknown) =>
    runInThisContext(`${installListing}; ${code}`) as (...values: unknown[]) => unknown;

  it.each(['user', 'user.inner', 'rows[0]["a b"].c'])('lists along %s without an effect', (path) => {
    const names = list(`(user, rows) => ${buildListing('keys', path)}`)({ inner: {} }, [
      { 'a b': { c: {} } },
    ]);
    expect(names).toEqual(path === 'user' ? [['inner', 'property']] : []);
  });

  it('leaves calls, and paths with getters, to the inspector that refuses effects', () => {
    expect(buildListing('keys', 'load()')).toBeNull();
    let calls = 0;
    const user = {
      get inner() {
        return ++calls;
      },
    };
    expect(list(`(user) => ${buildListing('keys', 'user.inner')}`)(user)).toBeNull();
    expect(calls).toBe(0);
  });
});

describe('createFrameReader()', () => {
  it('finds every body however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(texts), fc.integer({ min: 1, max: 40 }), (bodyTexts, size) => {
        const bodies = bodyTexts.map((text) => JSON.stringify(text));
        const bytes = Buffer.from(
          bodies.map((body) => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`).join(''),
        );
        const seen: string[] = [];
        const read = createFrameReader((body) => seen.push(body));
        for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
        expect(seen).toEqual(bodies);
      }),
    );
  });
});
