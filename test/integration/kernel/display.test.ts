// What cells show, through a running kernel: display, progress, console.table, tslab's and Deno's APIs.
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isChildOf, resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, KernelClient } from '../../support/kernel/kernel-client.ts';

/** The language server that checks cells. */
const { version: typescript } = createRequire(import.meta.url)(
  `@typescript/typescript-${process.platform}-${process.arch}/package.json`,
) as { version: string };

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

/** Type, data and display id of what a cell showed. */
const shownBy = ({
  iopub,
}: Exchange): { type: string; data: Record<string, unknown>; id: string | undefined }[] =>
  iopub
    .filter(({ header }) => /display_data|clear_output/.test(header.msg_type))
    .map(({ header, content }) => ({
      type: header.msg_type,
      data: content['data'] as Record<string, unknown>,
      id: (content['transient'] as { display_id?: string } | undefined)?.display_id,
    }));

/** Adds a package of one ESM file to a folder. */
function addPackage(folder: string, name: string, source: string): void {
  const path = join(folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), '{"type":"module","exports":{"import":"./index.js"}}');
  writeFileSync(join(path, 'index.js'), source);
}

describe('display()', () => {
  it('shows in the order of the cell without being awaited', async () => {
    const exchange = await kernel.execute('console.log(1); display(html`<b>2</b>`); console.log(3)');
    const types = exchange.iopub.map(({ header }) => header.msg_type);
    expect(types.filter((type) => /stream|display/.test(type))).toEqual(['stream', 'display_data', 'stream']);
    expect(shownBy(exchange)[0]!.data).toEqual({ 'text/html': '<b>2</b>', 'text/plain': '<b>2</b>' });
  });

  it('replaces what it showed when its handle is updated, and clears', async () => {
    const shown = shownBy(
      await kernel.execute('const h = await display(1); await h.update(2); clearOutput(true)'),
    );
    expect(shown.map(({ type }) => type)).toEqual(['display_data', 'update_display_data', 'clear_output']);
    expect(shown[0]!.id).toBe(shown[1]!.id);
  });

  it('ends a bar where its loop was left, and says so', async () => {
    const thrown = await kernel.execute(
      'for (const n of progress([1, 2, 3], { label: "rows" })) if (n === 2) throw 1',
    );
    expect(shownBy(thrown).at(-1)!.data['text/plain']).toMatch(/^rows: 1 of 3 \(33 %\), .* s, stopped$/);
    const loop = await kernel.sendCell('for (const n of progress(new Array(1e9))) {}');
    await kernel.wait(
      (message) => isChildOf(message, loop) && message.header.msg_type === 'update_display_data',
    );
    await kernel.interrupt();
    const exchange = await kernel.exchange(loop);
    expect(exchange.reply.content['ename']).toBe('KeyboardInterrupt');
    const shown = shownBy(exchange);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    expect(shown.slice(1).every(({ type }) => type === 'update_display_data')).toBe(true);
  });

  it('moves a progress bar in place and shows console.table as a table', async () => {
    const bar = shownBy(await kernel.execute('for (const n of progress([1, 2, 3])) {}'));
    // A slow machine may draw it between the first and the last.
    const last = bar.at(-1)!;
    expect(last).toMatchObject({ type: 'update_display_data', id: bar[0]!.id });
    expect(last.data['text/plain']).toContain('3 of 3 (100 %)');
    const [table] = shownBy(await kernel.execute('console.table([{ a: 1 }])'));
    expect(table!.data['text/html']).toContain('<table');
  });
});

describe('tslab.display', () => {
  it('shows every kind of a notebook written for it', async () => {
    const exchange = await kernel.execute(`import * as tslab from "tslab";
      import { display as show } from "tslab";
      tslab.display.html("<p>"); tslab.display.markdown("# a"); tslab.display.latex("$x$");
      tslab.display.svg("<svg/>"); tslab.display.png(new Uint8Array([1, 2])); tslab.display.jpeg(Buffer.from([3]));
      tslab.display.gif(Buffer.from([3])); tslab.display.pdf(Buffer.from([3])); tslab.display.text("t");
      tslab.display.javascript("1"); show.raw("a/b", "raw");`);
    expect(shownBy(exchange).map(({ data }) => data)).toEqual([
      { 'text/html': '<p>' },
      { 'text/markdown': '# a' },
      { 'text/latex': '$x$' },
      { 'image/svg+xml': '<svg/>' },
      { 'image/png': 'AQI=' },
      { 'image/jpeg': 'Aw==' },
      { 'image/gif': 'Aw==' },
      { 'application/pdf': 'Aw==' },
      { 'text/plain': 't' },
      { 'text/javascript': '1' },
      { 'a/b': 'raw' },
    ]);
  });

  it('replaces the first output of newDisplay() and knows versions', async () => {
    const exchange = await kernel.execute(
      'const d = tslab.newDisplay(); d.text("1"); d.text("2"); console.log(tslab.versions.node, tslab.versions.typescript)',
    );
    const [first, second] = shownBy(exchange);
    expect([first!.type, second!.type]).toEqual(['display_data', 'update_display_data']);
    expect(first!.id).toBe(second!.id);
    expect(streamOf(exchange)).toBe(`${process.version} ${typescript}\n`);
  });
});

describe('Deno.jupyter', () => {
  it('displays, formats and tags', async () => {
    const exchange = await kernel.execute(`await Deno.jupyter.display({ 'text/plain': 'x' }, { raw: true });
      await Deno.jupyter.display(Deno.jupyter.md\`# a\`);
      await Deno.jupyter.display({ [Deno.jupyter.$display]: () => ({ 'text/html': 'b' }) });
      (await Deno.jupyter.format(5))['text/plain']`);
    expect(shownBy(exchange).map(({ data }) => Object.keys(data).toSorted())).toEqual([
      ['text/plain'],
      ['text/markdown', 'text/plain'],
      ['text/html', 'text/plain'],
    ]);
    expect(resultOf(exchange)).toBe("'5'");
  });

  it('broadcasts comm_open with metadata and buffers', async () => {
    const { iopub } = await kernel.execute(`await Deno.jupyter.broadcast('comm_open',
      { comm_id: 'c1', target_name: 't', data: { a: 1 } }, { metadata: { version: '2.1.0' }, buffers: [new Uint8Array([7])] })`);
    const message = iopub.find(({ header }) => header.msg_type === 'comm_open')!;
    expect(message.content).toEqual({ comm_id: 'c1', target_name: 't', data: { a: 1 } });
    expect(message.metadata).toMatchObject({ version: '2.1.0' });
    expect([...message.buffers[0]!]).toEqual([7]);
  });

  it('is seen by cells and by the package that makes widgets with it, by no other library', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rvk-'));
    try {
      addPackage(folder, '@anywidget/deno', 'export const seen = typeof Deno;');
      addPackage(folder, 'library', 'export const seen = typeof Deno;');
      const exchange =
        await kernel.execute(`const home = process.cwd(); process.chdir(${JSON.stringify(folder)});
        import { seen as byWidgets } from "jsr:@anywidget/deno@0.2"; import { seen } from "library";
        process.chdir(home); [typeof Deno, byWidgets, seen]`);
      expect(resultOf(exchange)).toBe("[ 'object', 'object', 'undefined' ]");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('tells its versions, reads files and imports npm: specifiers from the installed package', async () => {
    const exchange = await kernel.execute(`import * as Arrow from "npm:apache-arrow@15";
      const table = Arrow.tableFromArrays({ a: [1] });
      const text = await Deno.readTextFile(${JSON.stringify(import.meta.filename)});
      [table.numRows, Deno.version.typescript, Deno.env.get('NOT_SET'), Deno.cwd() === process.cwd(), text.length > 99]`);
    expect(resultOf(exchange)).toBe(`[ 1, '${typescript}', undefined, true, true ]`);
    const missing = await kernel.execute('import "npm:no-such-package@1"');
    expect(missing.reply.content['evalue']).toContain("'no-such-package'");
  });
});

describe('Deno.jupyter for a chart of Vega-Lite', () => {
  const show = async (code: string): Promise<Record<string, unknown>> => {
    const { iopub } = await kernel.execute(code);
    return iopub.find(({ header }) => header.msg_type === 'execute_result')!.content['data'] as Record<
      string,
      unknown
    >;
  };
  const chart = `({ $schema: 'https://vega.github.io/schema/vega-lite/v6.json', mark: 'bar', data: { values: [] } })`;

  it('offers the newest version that front ends draw, text, and no drawing without vega', async () => {
    const data = await show(chart);
    expect(Object.keys(data)).toEqual([
      'application/vnd.vegalite.v6+json',
      'application/vnd.vegalite.v5+json',
      'text/plain',
    ]);
    expect(data['text/plain']).toBe('Vega-Lite chart: bar');
  });

  it('draws it by the vega of the notebook, and shows it without a picture when that fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rvk-'));
    try {
      // Packages of the same interface: the real ones are no dependency of this project.
      const add = (name: string, source: string): void => addPackage(folder, name, source);
      add('vega-lite', 'export const compile = (spec) => ({ spec });');
      add(
        'vega',
        `export const parse = (spec) => spec;
         export class View {
           constructor(spec) { this.spec = spec; }
           async toSVG() { if (this.spec.bad) throw new Error(); return '<svg>' + this.spec.mark + '</svg>'; }
           finalize() {}
         }`,
      );
      await kernel.execute(`const before = process.cwd(); process.chdir(${JSON.stringify(folder)})`);
      expect(await show(chart)).toMatchObject({ 'image/svg+xml': '<svg>bar</svg>' });
      expect(await show(`({ ...${chart}, bad: true })`)).not.toHaveProperty(['image/svg+xml']);
      await kernel.execute('process.chdir(before)');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('execute_result in colours', () => {
  it('colours results, console and children unless NO_COLOR is set, and leaves what programs read plain', async () => {
    await using coloured = await startKernel({ env: { NO_COLOR: '', FORCE_COLOR: undefined } });
    const exchange = await coloured.execute(
      'console.log({ a: 1 }, "word"); console.error(2n); display([true]); "x"',
    );
    expect(streamOf(exchange)).toBe('{ a: \u{1b}[33m1\u{1b}[39m } word\n');
    expect(streamOf(exchange, 'stderr')).toBe('\u{1b}[33m2n\u{1b}[39m\n');
    expect(resultOf(exchange)).toBe("\u{1b}[32m'x'\u{1b}[39m");
    expect(shownBy(exchange)[0]!.data['text/plain']).toBe('[ \u{1b}[33mtrue\u{1b}[39m ]');
    const child = await coloured.execute(`!${process.execPath} -p "5"`);
    expect(streamOf(child)).toContain('\u{1b}[33m5');
    const read = await coloured.execute(`const read = %sx ${process.execPath} -p 5\nread[0] === "5"`, {
      user_expressions: { six: '6' },
    });
    expect(resultOf(read)).toContain('true');
    expect(read.reply.content['user_expressions']).toMatchObject({ six: { data: { 'text/plain': '6' } } });
    await expect
      .poll(async () => {
        const content = { hist_access_type: 'tail', n: 9, output: true, raw: true };
        return JSON.stringify((await coloured.request('history_request', content)).reply.content['history']);
      })
      .toContain("'x'");
    const content = { hist_access_type: 'tail', n: 9, output: true, raw: true };
    const { history } = (await coloured.request('history_request', content)).reply.content;
    expect(JSON.stringify(history)).not.toContain('[32m');
  });
});
