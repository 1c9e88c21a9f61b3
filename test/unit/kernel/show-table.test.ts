// Figures of tables: what the values are, aligned by column; and values that only look like a result of the product.
import { describe, expect, it } from 'vitest';
import { writeColumn } from '../../../kernel/runtime/display/column-text.ts';
import { buildMimeBundle } from '../../../kernel/runtime/display/mime-bundle.ts';
import { renderTableHtml, renderTableText } from '../../../kernel/runtime/display/show-table.ts';
import { explanation, models } from '../../support/kernel/product-results.ts';

describe('writeColumn()', () => {
  const columns: readonly (readonly [values: readonly unknown[], texts: readonly string[]])[] = [
    [[16777217.5], ['16777217.5']],
    [
      [1, 2.5, 1234567.125],
      ['1.000', '2.500', '1234567.125'],
    ],
    [
      [123456789, 3],
      ['123456789', '3'],
    ],
    [
      [2 ** 53, 2n ** 64n],
      ['9007199254740992', '18446744073709551616'],
    ],
    [
      [1 / 3, 0.5, null],
      ['0.333333', '0.500000', 'null'],
    ],
    [[Math.fround(0.1)], ['0.1']],
    [[0.1 + 0.2], ['0.3']],
    [
      [1e-9, 0.5],
      ['1.000000e-9', '5.000000e-1'],
    ],
    [
      [Number.NaN, 1.25, Infinity],
      ['NaN', '1.25', 'Infinity'],
    ],
    [
      ['a', 1.23456789],
      ['a', '1.23456789'],
    ],
    [
      [-0.5, 10.25],
      ['-0.50', '10.25'],
    ],
  ];
  it('writes what values are, with as many decimals as the one that needs most', () => {
    for (const [values, texts] of columns) expect(writeColumn(values).texts).toEqual(texts);
  });
});

describe('renderTable…()', () => {
  const rows = [
    [1.5, 'a'],
    [16777217.25, 'bb'],
    [1 / 3, 'c'],
  ];
  const columns = ['figure', 'word'].map((name) => ({ name, type: '' }));
  const view = { kind: 'Table', columns, rowCount: rows.length, row: (at: number) => rows[at]! };

  it('renderTableText() puts points below points', () => {
    expect(renderTableText(view).split('\n').slice(1)).toEqual([
      '            figure  word',
      '0         1.500000  a',
      '1  16777217.250000  bb',
      '2         0.333333  c',
    ]);
  });

  it('renderTableHtml() tells what a rounded figure is', () => {
    const html = renderTableHtml(view);
    expect(html).toContain(`title="${1 / 3}">0.333333<`);
    expect(html).toContain('text-align:right">16777217.250000<');
  });
});

describe('showProduct() when a value is none of the product', () => {
  it.each([
    ['an array of holes', Array.from({ length: 0 }).concat(Array(3))],
    ['an array with a hole', [models[0], ...(Array(2) as object[])]],
    ['a decision without its kind', { ...explanation.decision, kind: undefined }],
    ['another kind', { ...explanation.decision, kind: 'verdict' }],
    ['a kind that is no text', { ...explanation.decision, kind: ['decision'] }],
    ['a kind with nothing else', { kind: 'swap-report' }],
    ['a kind from a prototype', { kind: 'constructor' }],
  ])('shows text for %s', async (_what, value) => {
    expect((await buildMimeBundle(value)).data).not.toHaveProperty('text/html');
  });
});

describe('buildMimeBundle() in colours', () => {
  it('colours text that says all there is, as Node does', async () => {
    const textOf = async (value: unknown): Promise<unknown> =>
      (await buildMimeBundle(value, true)).data['text/plain'];
    expect(await textOf(5)).toBe('\u{1b}[33m5\u{1b}[39m');
    expect(await textOf(['a'])).toBe("[ \u{1b}[32m'a'\u{1b}[39m ]");
    expect((await textOf('x'.repeat(9))) as string).toContain('\u{1b}[32m');
    expect(await textOf(new Map([[1, 2]]))).not.toContain('\u{1b}');
    const long = (await textOf(Array.from({ length: 90 }, () => 'y'.repeat(5000)))) as string;
    expect(long.length).toBeLessThan(110_000);
  });
});
