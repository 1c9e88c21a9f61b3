// What a notebook shows for each kind of value.
import { tableFromArrays } from 'apache-arrow';
import * as fc from 'fast-check';
import pl from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { buildView } from '../../../kernel/runtime/display/console-table.ts';
import { buildMimeBundle, bundleOf, displaySymbol } from '../../../kernel/runtime/display/mime-bundle.ts';
import { showTable } from '../../../kernel/runtime/display/show-table.ts';

const show = async (value: unknown): Promise<Record<string, string>> =>
  (await buildMimeBundle(value)).data as Record<string, string>;

describe('buildMimeBundle() of any value', () => {
  it('never throws and gives JSON whatever the value is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withBigInt: true, withDate: true, withMap: true }), async (value) => {
        const data = await show(value);
        expect(typeof data['text/plain']).toBe('string');
        expect(JSON.parse(JSON.stringify(data))).toEqual(data);
      }),
      { numRuns: 200 },
    );
  });

  it('runs no getter when it looks at a value', async () => {
    let calls = 0;
    const names = [
      'schema',
      'toSpec',
      'toDataURL',
      'outerHTML',
      '$schema',
      'manifest',
      'label',
      'rows',
      '_s',
    ];
    const value = Object.defineProperties(
      {},
      Object.fromEntries(names.map((name) => [name, { get: () => ++calls, enumerable: true }])),
    );
    await show(value);
    expect(calls).toBe(0);
  });

  it('survives proxies and inspection methods that throw', async () => {
    const hostile = new Proxy({}, { get: () => { throw new Error('no'); } }); // prettier-ignore
    const printer = { [Symbol.for('nodejs.util.inspect.custom')]: () => { throw new Error('no'); } }; // prettier-ignore
    expect(await show(hostile)).toEqual({ 'text/plain': '{}' });
    expect(await show(printer)).toEqual({ 'text/plain': '[object that cannot be printed]' });
  });

  it('cuts large values', async () => {
    expect((await show('x'.repeat(1e6)))['text/plain']!.length).toBeLessThan(11_000);
    expect((await show(new Float64Array(1e6)))['text/plain']!.length).toBeLessThan(2000);
  });
});

describe('Jupyter.display', () => {
  it('shows at once what a method returns and later what it promises', async () => {
    expect(bundleOf({ [displaySymbol]: () => ({ 'text/html': 'a' }) })).not.toBeInstanceOf(Promise);
    const later = await show({ [displaySymbol]: async () => ({ 'text/html': 'b', 'text/plain': 'c' }) });
    expect(later).toEqual({ 'text/html': 'b', 'text/plain': 'c' });
  });

  it('falls back to text when the method throws, rejects or returns no data', async () => {
    const failing = [() => { throw new Error('no'); }, () => Promise.reject(new Error('no')), () => 7]; // prettier-ignore
    for (const method of failing) {
      expect(Object.keys(await show({ [displaySymbol]: method }))).toEqual(['text/plain']);
    }
  });

  it('turns bytes to base64 and leaves out what JSON cannot carry', async () => {
    const data = await show({
      [displaySymbol]: () => ({ 'image/png': new Uint8Array([1, 2]), 'a/b': () => 1, 'c/d': { n: 3n } }),
    });
    expect(data).toMatchObject({ 'image/png': 'AQI=', 'c/d': { n: 3 } });
    expect(data).not.toHaveProperty('a/b');
  });
});

describe('buildMimeBundle() of tables', () => {
  it('shows shape, types, first and last rows of a Polars frame', async () => {
    const data = await show(pl.DataFrame({ n: Array.from({ length: 5000 }, (_, i) => i), s: pl.Series(Array.from({ length: 5000 }, () => 'x')) })); // prettier-ignore
    expect(data['text/plain']).toMatch(/^DataFrame: 5,000 rows × 2 columns\n/);
    expect(data['text/plain']).toMatch(/Float64 +String/);
    expect(data['text/html']).toContain('<td>…</td>');
    expect(data['text/html']).toContain('>4999</td>');
    expect(data['text/html']!.length).toBeLessThan(6000);
  });

  it('shows a Polars frame whose columns are called as its properties', async () => {
    const names = ['columns', 'dtypes', 'height', 'row'];
    const data = await show(pl.DataFrame(Object.fromEntries(names.map((name, at) => [name, [at]]))));
    expect(data['text/plain']).toMatch(/^DataFrame: 1 row × 4 columns\n +columns +dtypes +height +row\n/);
  });

  it('escapes what they hold', async () => {
    const data = await show(pl.DataFrame({ '<a>': ['<script>alert(1)</script>', null] }));
    expect(data['text/html']).not.toMatch(/<script>|<a>/);
    expect(data['text/html']).toContain('&lt;script&gt;');
  });

  it('gives what every front end shows, and nothing that one of them would prefer and cannot', async () => {
    const table = tableFromArrays({ x: Int32Array.from([1, 2]), big: BigInt64Array.from([1n, 2n ** 60n]) });
    for (const value of [table, pl.DataFrame({ x: [1] }), pl.Series('s', [1]), [{ a: 1 }]]) {
      const tables = Object.keys(await show(value)).toSorted();
      expect(['text/html,text/plain', 'text/plain']).toContain(tables.join());
    }
    expect((await show(table))['text/plain']).toMatch(/^Arrow table: 2 rows × 2 columns/);
    expect((await show(table))['text/html']).toContain(`>${2n ** 60n}</td>`);
  });

  it('shows a Polars series, and a lazy frame without running it', async () => {
    expect((await show(pl.Series('s', [1, 2])))['text/plain']).toMatch(/^Series: 2 rows/);
    const lazy = await show(pl.DataFrame({ a: [1] }).lazy());
    expect(lazy['text/plain']).toMatch(/^LazyFrame, not collected/);
  });

  it('leaves out the middle of many columns', () => {
    const row = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c${i}`, i]));
    const text = String(showTable(buildView([row])!)['text/plain']);
    expect(text).toContain('c15');
    expect(text).toContain('c99');
    expect(text).not.toContain('c50');
  });

  it('buildView() makes tables of arrays, maps, records and plain values in console.table', () => {
    expect(buildView([{ a: 1 }, { b: 2 }])!.row(1)).toEqual(['', 2]);
    expect(buildView(new Map([['k', { a: 1 }]]))!.row(0)).toEqual(['k', 1]);
    expect(buildView([1, { a: 2 }])!.columns.map(({ name }) => name)).toEqual(['a', 'value']);
    expect(buildView(5)).toBeNull();
  });
});

describe('buildMimeBundle() of pictures', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
  it('knows them by their first bytes', async () => {
    expect(await show(bytes('\x89PNG\r\n\x1a\nxx'))).toHaveProperty(['image/png']);
    expect(await show(bytes('\xff\xd8\xffxx'))).toHaveProperty(['image/jpeg']);
    expect(await show(bytes('GIF89a'))).toHaveProperty(['image/gif']);
    expect(await show(bytes('RIFF....WEBPVP8'))).toHaveProperty(['image/webp']);
    expect((await show(bytes('<svg xmlns="x"/>')))['image/svg+xml']).toBe('<svg xmlns="x"/>');
    expect(Object.keys(await show(bytes('hello')))).toEqual(['text/plain']);
  });

  it('takes them from canvases, charts and elements', async () => {
    expect((await show({ toDataURL: () => 'data:image/png;base64,AAAA' }))['image/png']).toBe('AAAA');
    const spec = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', mark: 'bar', encoding: { x: { field: 'a' } } }; // prettier-ignore
    expect((await show(spec))['application/vnd.vegalite.v5+json']).toEqual(spec);
    expect((await show({ toSpec: () => spec }))['text/plain']).toBe('Vega-Lite chart: bar x=a');
    expect((await show({ outerHTML: '<svg width="1"></svg>' }))['image/svg+xml']).toContain('xmlns=');
    expect((await show({ outerHTML: '<figure></figure>' }))['text/html']).toBe('<figure></figure>');
  });
});

describe('buildMimeBundle() of collections and errors', () => {
  it('shows a map as a table of keys and values', async () => {
    const data = await show(new Map<unknown, unknown>([['<a>', 1], [{ b: 2 }, 'x']])); // prettier-ignore
    expect(data['text/html']).toContain('&lt;a&gt;');
    expect(data['text/html']).toContain('{ b: 2 }');
    expect(data['text/plain']).toContain('Map(2)');
  });

  it('shows the course of numbers with a peak of one value, and what is no number', async () => {
    const numbers = new Float64Array(100_000).fill(1);
    numbers[50_000] = 9;
    numbers[7] = Number.NaN;
    const html = (await show(numbers))['text/html']!;
    expect(html).toContain('Float64Array</b> 100,000 values');
    expect(html).toMatch(/greatest<\/span> 9 .*not a number<\/span> 1 /);
    expect(html).toContain(',2.0 ');
    expect(html.length).toBeLessThan(20_000);
    expect(await show(Int8Array.of(1, 2))).not.toHaveProperty('text/html');
    expect((await show(new BigInt64Array(20).fill(3n)))['text/html']).toContain('mean</span> 3');
  });

  it('shows an error with its stack, escaped', async () => {
    const data = await show(new RangeError('<b>'));
    expect(data['text/html']).toMatch(
      /^<pre style="[^"]+"><b style="[^"]+">RangeError<\/b>: &lt;b&gt;\n {4}at /,
    );
    expect(data['text/plain']).toMatch(/^RangeError: <b>\n/);
  });
});
