// Parts of a report: tables that a screen reader can follow, pictures within their frame, figures as text.
import { describe, expect, it } from 'vitest';
import {
  drawBars,
  drawReliability,
  factsTable,
  folded,
  intervalText,
  leaderboardSection,
  matrixTable,
  nameOfRule,
  rowsTable,
} from '../../../src/pictures/index.ts';
import { axesOf, roundedEnds, ticksOf } from '../../../src/pictures/svg.ts';
import { brief, figure, signedFigure, whole } from '../../../src/pictures/text.ts';

describe('figure()', () => {
  it.each([
    [0, '0.000'],
    [0.12345, '0.123'],
    [-0.5, '−0.500'],
    [9.9999, '10.000'],
    [12.345, '12.3'],
    [123.45, '123'],
    [98_765.4, '98765'],
    [Number.NaN, '–'],
    [Infinity, '–'],
    [null, '–'],
    [undefined, '–'],
  ])('writes %s as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

describe('whole()', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567.6, '1,234,568'],
    [-12_345, '−12,345'],
  ])('writes %s as %s', (value, text) => {
    expect(whole(value)).toBe(text);
  });
});

describe('brief()', () => {
  it.each([
    [0, '0'],
    [0.30000000000000004, '0.3'],
    [-2.5, '−2.5'],
    [1234.5, '1,235'],
    [123_456, '123,456'],
  ])('writes %s as %s', (value, text) => {
    expect(brief(value)).toBe(text);
  });
});

describe('signedFigure()', () => {
  it('has a sign for what is not zero', () => {
    expect([0.5, -0.5, 0, null].map(signedFigure)).toEqual(['+0.500', '−0.500', '0.000', '–']);
  });
});

describe('intervalText()', () => {
  it('is empty for what is no interval', () => {
    expect(intervalText([0.1, 0.25])).toBe('0.100 to 0.250');
    expect(intervalText([-0.1, 0.25], true)).toBe('−0.100 to +0.250');
    expect([null, undefined, [], [1]].map((held) => intervalText(held))).toEqual(['', '', '', '']);
  });
});

describe('nameOfRule()', () => {
  it('has words for the rules of the product, and the name of any other', () => {
    expect(nameOfRule('persistence')).toContain('the last seconds go on');
    expect(nameOfRule('mine')).toBe('mine');
  });
});

describe('ticksOf()', () => {
  it.each([
    [0, 1],
    [-3, 7],
    [0, 0.003],
    [1e9, 5e9],
    [-1, -0.2],
  ])('finds round values between %s and %s', (low, high) => {
    const ticks = ticksOf([low, high]);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThanOrEqual(6);
    for (const tick of ticks) {
      expect(tick).toBeGreaterThanOrEqual(low - 1e-9 * Math.abs(low));
      expect(tick).toBeLessThanOrEqual(high + 1e-9 * Math.abs(high));
    }
  });

  it('is one value where there is no range', () => {
    expect(ticksOf([3, 3])).toEqual([3]);
    expect(ticksOf([0, Infinity])).toEqual([0]);
  });
});

describe('roundedEnds()', () => {
  it('encloses what is there, and parts what is one value', () => {
    expect(roundedEnds(0.13, 0.87)).toEqual([expect.closeTo(0), expect.closeTo(1)]);
    expect(roundedEnds(5, 5)).toEqual([4.5, 5.5]);
  });
});

describe('axesOf()', () => {
  it('places values, from the left and from the foot', () => {
    const { atX, atY, left, right, top, bottom } = axesOf([0, 10], [0, 2], {});
    expect([atX(0), atX(10), atY(0), atY(2)]).toEqual([left, right, bottom, top]);
    expect(axesOf([1, 1], [0, 1], {}).atX(1)).toBe((left + right) / 2);
  });
});

describe('drawBars()', () => {
  it('keeps each bar within the picture and says each figure', () => {
    const svg = drawBars('Shares', { small: 0.001, all: 1, 'more than all': 1.7 });
    const widths = [...svg.matchAll(/width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths).toHaveLength(3);
    expect(Math.max(...widths)).toBeLessThan(340);
    expect(svg).toContain('<desc');
    expect(svg).toContain('small 0.001; all 1.000; more than all 1.700.');
  });

  it('is an empty picture of nothing', () => {
    expect(drawBars('Shares', {})).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('drawReliability()', () => {
  it('has a point for each bin with rows, and no point without', () => {
    const bin = (low: number, rows: number) => ({
      low,
      high: low + 0.5,
      rows,
      confidence: low,
      accuracy: low,
    });
    const svg = drawReliability({ ece: 0.1, bins: [bin(0, 5), bin(0.5, 0)] });
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('rowsTable()', () => {
  it('has a header for each column and row, and marks its own', () => {
    const html = rowsTable(
      'A & B',
      ['name', 'n'],
      [
        ['<b>x</b>', '1'],
        ['y', '2'],
      ],
      0,
    );
    expect(html).toContain('<caption>A &amp; B</caption>');
    expect(html.match(/<th scope="col"/g)).toHaveLength(2);
    expect(html.match(/<th scope="row"/g)).toHaveLength(2);
    expect(html).toContain('<tr class="own"><th scope="row"><b>x</b></th>');
  });
});

describe('factsTable()', () => {
  it('leaves out what is unknown, and itself when nothing is known', () => {
    expect(factsTable('F', { a: null, b: undefined })).toBe('');
    const html = factsTable('F', { a: null, n: 0, list: [1, 2.5], flag: false, deep: { x: 1 } });
    expect(html).not.toContain('>a<');
    for (const text of ['<td>0</td>', '<td>1, 2.500</td>', '<td>false</td>', '{&quot;x&quot;:1}'])
      expect(html).toContain(text);
  });
});

describe('folded()', () => {
  it('is nothing around nothing', () => {
    expect(folded('More', '')).toBe('');
    expect(folded('<More>', 'x')).toBe('<details><summary>&lt;More&gt;</summary>x</details>');
  });
});

describe('matrixTable()', () => {
  it('numbers its columns and spells each label for who hovers', () => {
    const html = matrixTable(
      [
        [1, 0],
        [2, 3],
      ],
      ['a"b', 'c'],
    );
    expect(html).toContain('<abbr title="a&quot;b">1</abbr>');
    expect(html).toContain('<b>3</b>');
  });
});

describe('leaderboardSection()', () => {
  it('has scores with their intervals, costs, and what they may be taken for', () => {
    const row = {
      name: '1 <x>',
      parameters: 'depth=3',
      score: '0.9',
      interval: '0.8 to 1',
      costs: ['1', '2', '3'],
    };
    const html = leaderboardSection('macroF1', [row], 'Only <the> folds.');
    expect(html).toContain('1 &lt;x&gt;<small>depth=3</small>');
    expect(html).toContain('0.9<small>0.8 to 1</small>');
    expect(html).toContain('Only &lt;the&gt; folds.');
  });
});
