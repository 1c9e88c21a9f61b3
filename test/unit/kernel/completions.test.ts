// Completion of cells: where the cursor stands, and one list out of types and live values.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodeAssistant } from '../../../kernel/language/code-assistant.ts';
import { readCompletionPlace, toCodePoints, toUtf16 } from '../../../kernel/language/completion-place.ts';
import type { LiveValues } from '../../../kernel/language/live-values.ts';
import { createFrameReader } from '../../../kernel/language/lsp-client.ts';
import { mergeCompletions } from '../../../kernel/language/merge-completions.ts';
import type { TypeService } from '../../../kernel/language/type-service.ts';

describe('readCompletionPlace()', () => {
  it.each([
    ['us', 'name', null, 'us'],
    ['user.na', 'member', 'user', 'na'],
    ['user?.na', 'member', 'user', 'na'],
    ['a.b.c', 'member', 'a.b', 'c'],
    ['f().x', 'member', null, 'x'],
    ['df["co', 'key', 'df', 'co'],
    ["a.df['", 'key', 'a.df', ''],
    ['import x from "node:f', 'module', null, 'node:f'],
    ['import x from "./lo', 'module', null, 'lo'],
    ['await import("apa', 'module', null, 'apa'],
  ])('reads %s', (code, kind, base, prefix) => {
    expect(readCompletionPlace(code, code.length)).toEqual({
      kind,
      base,
      prefix,
      start: code.length - prefix.length,
    });
  });
});

describe('toUtf16()', () => {
  it('undoes toCodePoints() at every character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, at) => {
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

  it('gives names of members that are names, and any key', () => {
    expect(merge('a.', [], [['a b', 'property']])).toMatchObject({ matches: [] });
    expect(merge('a["', [], [['a b', 'property']])).toMatchObject({ matches: ['a b'] });
  });
});

describe('createCodeAssistant()', () => {
  const broken = (): Promise<never> => Promise.reject(new Error('gone'));
  const live = { members: async () => [['width', 'property']] } as unknown as LiveValues;
  const types = { complete: async () => [{ label: 'wide' }] } as unknown as TypeService;

  it('answers from values alone when types fail, and the other way round', async () => {
    const deadTypes = { complete: broken } as unknown as TypeService;
    const deadLive = { members: broken } as unknown as LiveValues;
    expect(await createCodeAssistant(live, deadTypes).complete('a.w', 3)).toMatchObject({
      matches: ['width'],
    });
    expect(await createCodeAssistant(deadLive, types).complete('a.w', 3)).toMatchObject({
      matches: ['wide'],
    });
  });
});

describe('createFrameReader()', () => {
  it('finds every body however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.integer({ min: 1, max: 40 }), (texts, size) => {
        const bodies = texts.map((text) => JSON.stringify(text));
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
