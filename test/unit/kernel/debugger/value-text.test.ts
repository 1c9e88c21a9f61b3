// Values in the list of a debugger.
import { Session } from 'node:inspector';
import type { Runtime } from 'node:inspector';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countElements, textOfValue, typeOfValue } from '../../../../kernel/debugger/value-text.ts';

const session = new Session();
beforeAll(() => session.connect());
afterAll(() => session.disconnect());

function evaluate(expression: string): Runtime.RemoteObject {
  let found: Runtime.RemoteObject | undefined;
  session.post('Runtime.evaluate', { expression, generatePreview: true }, (_error, { result }) => {
    found = result;
  });
  return found!;
}

describe('textOfValue()', () => {
  it.each([
    ['1', '1', 'number', 0],
    ['-0', '-0', 'number', 0],
    ['10n', '10n', 'bigint', 0],
    ['"a\\nb"', '"a\\nb"', 'string', 0],
    ['null', 'null', 'null', 0],
    ['undefined', 'undefined', 'undefined', 0],
    ['Symbol("s")', 'Symbol(s)', 'symbol', 0],
    ['[1, "a", { b: 1 }, [2]]', 'Array(4) [1, "a", Object, Array(1)]', 'Array', 4],
    ['new Uint8Array(2)', 'Uint8Array(2) [0, 0]', 'Uint8Array', 2],
    ['new Map([["a", 1]])', 'Map(1) {"a" → 1}', 'Map', 1],
    ['new Set([1])', 'Set(1) {1}', 'Set', 1],
    ['({ a: 1, get b() { return 1 } })', '{a: 1, b: (…)}', 'Object', 0],
    ['new (class Point { x = 1 })()', 'Point {x: 1}', 'Point', 0],
    ['/x/g', '/x/g', 'RegExp', 0],
    ['new RangeError("no")', 'RangeError: no', 'RangeError', 0],
    ['new Proxy([], {})', 'Proxy(Array)', 'Proxy', 0],
    ['(function named(a, b) {})', 'ƒ named(a, b)', 'function', 0],
    ['async (a) => a', 'ƒ async (a)', 'function', 0],
    ['(class A extends Map {})', 'class A', 'function', 0],
    ['Object.assign([1], { x: 2 })', 'Array(1) [1, x: 2]', 'Array', 1],
    ['({ n: { m: 1 }, f() {}, s: "x" })', '{n: Object, f: ƒ, s: "x"}', 'Object', 0],
    ['({ crypto$ofCells: 1 })', '{crypto: 1}', 'Object', 0],
  ])('says %s as %s', (expression, text, type, elements) => {
    const value = evaluate(expression);
    expect([textOfValue(value), typeOfValue(value), countElements(value)]).toEqual([text, type, elements]);
  });

  it('cuts what is long', () => {
    expect(textOfValue(evaluate('"x".repeat(100_000)')).length).toBeLessThan(1100);
    expect(textOfValue(evaluate('Array.from({ length: 5000 }, (_, i) => i)'))).toMatch(
      /^Array\(5000\) \[0, 1, .*19, …\]$/,
    );
  });
});
