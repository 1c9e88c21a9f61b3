// `%check off|warn|error` in a running kernel: what errors of types do to a cell.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Json, KernelClient } from '../../support/kernel/kernel-client.ts';

const wrong = "const wrong: number = 'text'; wrong";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  // The checker has read the libraries' types once it refuses something.
  await kernel.execute(`%check error\n${wrong}`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const plainOf = (content: Json): string => String((content['data'] as Record<string, string>)['text/plain']);
const isWarning = (content: Json): boolean => plainOf(content).startsWith('Warning: the cell ran');
const warningsOf = (id: string): string =>
  kernel
    .iopubOf(id)
    .filter(({ header, content }) => header.msg_type === 'display_data' && isWarning(content))
    .map(({ content }) => plainOf(content))
    .join('');
/** Runs a cell; gives the numbers of its warnings, late ones among them. */
const codesOf = async (code: string): Promise<string[]> => {
  // The last line is wrong for sure: its warning is the sign that the cell was checked.
  const { id, reply } = await kernel.execute(`${code}\nconst sure: number = 'wrong';`);
  expect(reply.content['status']).toBe('ok');
  await expect.poll(() => warningsOf(id), { timeout: 10_000 }).toContain('const sure');
  return [...warningsOf(id).matchAll(/^TS(\d+) in/gm)].map(([, number]) => number!).slice(0, -1);
};

describe('%check warn', () => {
  it('is what a notebook begins with, and %check alone says so', async () => {
    expect(streamOf(await kernel.execute('%check warn\n%check'))).toBe('%check warn\n');
  });

  it('runs the cell and names line, code and message below its output', async () => {
    const exchange = await kernel.execute(`// first line\n${wrong}`);
    expect(exchange.reply.content['status']).toBe('ok');
    expect(resultOf(exchange)).toBe("'text'");
    await expect
      .poll(() => warningsOf(exchange.id), { timeout: 10_000 })
      .toBe(
        "Warning: the cell ran, but its types are wrong.\nTS2322 in line 2: Type 'string' is not assignable to type 'number'.\n  2 | const wrong: number = 'text'; wrong\n",
      );
  });

  it('is in another colour than an error, escaped, and no stream', async () => {
    const { id } = await kernel.execute(`const marked: Array<number> = '<b>&'; 0`);
    await expect.poll(() => warningsOf(id), { timeout: 10_000 }).toContain('TS2322');
    const shown = kernel.iopubOf(id).filter(({ header }) => /stream|error|display/.test(header.msg_type));
    expect(shown.map(({ header }) => header.msg_type)).toEqual(['display_data']);
    const html = String((shown[0]!.content['data'] as Record<string, string>)['text/html']);
    expect(html).toContain("const marked: Array&lt;number&gt; = '&lt;b&gt;&amp;'");
    expect(html).toContain('#d9a400');
  });

  it('knows the types of earlier cells, and the latest of a name', async () => {
    await kernel.execute('function area(side: number) { return side ** 2 }\nconst side = 2;');
    expect(await codesOf("area('2')")).toEqual(['2345']);
    await kernel.execute("const side = 'two';");
    expect(await codesOf('area(side)')).toEqual(['2345']);
    await kernel.execute('function area(side: string) { return side }');
    expect(await codesOf('area(side)')).toEqual([]);
  });

  it('says nothing of names that a failed cell may have declared with another type', async () => {
    await kernel.execute('const failing = 1;');
    await kernel.execute("const failing = 'text';\nthrow new Error('stop');");
    expect(await codesOf('failing.length')).toEqual([]);
  });

  it.each([
    ['names that were never declared', 'const later = () => undeclared + 1'],
    ['an assignment to a const of an earlier cell', 'const assign = () => {\n  side = "three";\n}'],
    ['magics', '%env CHECKED=1\nconst lines = %sx echo a\nlines.map((line) => line.length)'],
    ['display', 'await display(html`<b>1</b>`); md`a`; svg`<svg/>`; clearOutput(true)'],
    ['progress', 'for (const one of progress([1, 2], { label: "steps" })) one.toFixed()'],
    ['comms', 'comms.registerTarget("t", (comm, message) => comm.send(message.data))'],
    ['Deno', 'await Deno.jupyter.display({ [Deno.jupyter.$display]: () => ({ "text/plain": "d" }) })'],
    ['tslab', 'import * as tslab from "tslab"; tslab.display.html("<i>1</i>")'],
    ['browser dialogs', 'const ask = () => [prompt("a"), confirm("b"), alert("c")]'],
    ['what a request answers', 'const load = async () => (await (await fetch("x")).json()).items[0].name'],
    ['an array that is filled', 'const filled = [];\nfilled.push({ a: 1 });\nfilled[0].a.toFixed()'],
    ['a caught error', 'try { JSON.parse("{") } catch (error) { error.message }'],
    ['a table', 'import pl from "nodejs-polars"; pl.DataFrame({ a: [1] }).select("a").height'],
    ['Node and require', 'const fs = require("node:fs"); process.memoryUsage().rss + fs.statSync(".").size'],
  ])('says nothing of %s', async (_name, code) => {
    expect(await codesOf(code)).toEqual([]);
  });

  it('says nothing of Python and of what Python made', async () => {
    const { id } = await kernel.execute('%%python -o made\nmade = 1');
    expect(await codesOf('made.toFixed(2)')).toEqual([]);
    expect(warningsOf(id)).toBe('');
  });
});

describe('%check error', () => {
  it('keeps the cell from running and shows where it is wrong', async () => {
    await kernel.execute('%check error\nlet ran = 0;');
    const exchange = await kernel.execute('ran = 1;\nconst n: number = String(ran);', {
      stop_on_error: false,
    });
    expect(exchange.reply.content).toMatchObject({
      status: 'error',
      ename: 'TypeCheckError',
      evalue: "TS2322 in line 2: Type 'string' is not assignable to type 'number'.",
    });
    expect((exchange.reply.content['traceback'] as string[]).join('\n')).toContain('2 | const n: number');
    expect(exchange.iopub.filter(({ header }) => header.msg_type === 'error')).toHaveLength(1);
    expect(resultOf(await kernel.execute('ran'))).toBe('0');
  });

  it('runs what is right', async () => {
    const exchange = await kernel.execute('const right: number = 2; right');
    expect(resultOf(exchange)).toBe('2');
  });

  it('leaves a cell that does not parse to the parser', async () => {
    expect((await kernel.execute('const = 1')).reply.content['ename']).toBe('SyntaxError');
  });

  it('aborts the cells after it', async () => {
    const ids = await Promise.all([kernel.sendCell(wrong), kernel.sendCell('"after"')]);
    const replies: Json[] = [];
    for (const id of ids) replies.push((await kernel.exchange(id)).reply.content);
    expect(replies.map(({ status }) => status)).toEqual(['error', 'aborted']);
  });
});

describe('%check off', () => {
  it('says nothing', async () => {
    const { id } = await kernel.execute(`%check off\n${wrong}`);
    // The next cell is answered after whatever the checker had to say of this one.
    expect(await codesOf('%check warn')).toEqual([]);
    expect(warningsOf(id)).toBe('');
  });

  it('is refused with another word', async () => {
    const { reply } = await kernel.execute('%check sometimes');
    expect(reply.content['evalue']).toContain('%check off, %check warn or %check error');
  });
});
