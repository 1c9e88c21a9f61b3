// Cells that do what no kernel expects: values that never settle, names of globals, errors that cannot be read,
// text that is none.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const tracebackOf = ({ reply }: Exchange): string => (reply.content['traceback'] as string[]).join('\n');

describe('execute_request of a value that never settles', () => {
  it.each([
    ['new Promise(() => {})', 'Promise { <pending> }'],
    ['(async () => { await new Promise(() => {}) })()', 'Promise { <pending> }'],
    [
      'async function main() { for (;;) await new Promise((r) => setTimeout(r, 5)) } main()',
      'Promise { <pending> }',
    ],
    ['Promise.race([])', 'Promise { <pending> }'],
    ['({ then() {} })', '{ then: [Function: then] }'],
    ['Promise.resolve(5)', 'Promise { 5 }'],
    ['class Late { then(f) {} } new Late()', 'Late {}'],
    [
      'const all: any = new Proxy(() => {}, { get: () => all, apply: () => all }); all',
      '[Function (anonymous)]',
    ],
    ['new Proxy({}, { get: () => () => new Promise(() => {}) })', '{}'],
  ])('shows %s as what it is, and the cell ends', async (code, shown) => {
    expect(resultOf(await kernel.execute(code))).toBe(shown);
  });

  it('ends user expressions too, and what is written with await is awaited', async () => {
    const { reply } = await kernel.execute('await Promise.resolve(6)', {
      user_expressions: { late: 'new Promise(() => {})' },
    });
    expect(reply.content['user_expressions']).toMatchObject({
      late: { data: { 'text/plain': 'Promise { <pending> }' } },
    });
  });
});

describe('execute_request with names of globals', () => {
  it.each([
    ['class Promise { all = 1 }', 'new Promise().all', '1'],
    ['const Map = 5', 'Map', '5'],
    ["import Promise from 'node:path'", 'typeof Promise.join', "'function'"],
    [
      'const { performance, Buffer: Uint8Array } = { performance: 1, Buffer: 2 }',
      '[performance, Uint8Array]',
      '[ 1, 2 ]',
    ],
    ['function setTimeout() { return 7 }', 'setTimeout()', '7'],
    ["var process = 'mine'", '({ process })', "{ process: 'mine' }"],
    ['let globalThis = 1, undefined = 2', '[globalThis, undefined]', '[ 1, 2 ]'],
    [
      'const Set = 1, Array = 2, Object = 3, JSON = 4, Symbol = 5, Atomics = 6, Number = 7, clearImmediate = 8',
      'Set + Array + Object + JSON + Symbol + Atomics + Number + clearImmediate',
      '36',
    ],
    [
      'const Error = 1, String = 2, Math = 3, RegExp = 4, Date = 5, Proxy = 6, console = 7',
      'Error + Date',
      '6',
    ],
    ['enum URL { A = 4 }', 'URL.A', '4'],
  ])('%s holds for later cells and for nobody else', async (declaration, use, shown) => {
    await using mine = await startKernel();
    expect((await mine.execute(declaration)).reply.content['status']).toBe('ok');
    expect(resultOf(await mine.execute(use))).toBe(shown);
    expect(resultOf(await mine.execute('1 + 1'))).toBe('2');
    const failed = await mine.execute('import { readFileSync as read } from "node:fs"; read("/nowhere")');
    expect(failed.reply.content['evalue']).toContain('ENOENT');
    expect(
      (await mine.execute('await new (async () => {}).constructor("return 1")()')).reply.content['status'],
    ).toBe('ok');
  });

  it.each([
    'globalThis.Promise = undefined; Map = 5; Set = 5; Symbol = 6; Object = 7; Array = 8; JSON = null; Number = 4',
    'delete globalThis.Map; delete globalThis.Promise; delete globalThis.Error; delete globalThis.clearImmediate',
    'process = 5; Buffer = 6; performance = 7; Atomics = 8; String = 9; setImmediate = 1; clearImmediate = 2',
    'Array.prototype.map = 5; Array.prototype.filter = 1; Object.keys = 2; Object.entries = 3; JSON.stringify = 4',
    'String.prototype.replace = 1; String.prototype.split = 2; RegExp.prototype.exec = 3; Function.prototype.call = 4',
    'Promise.prototype.finally = 1; Promise.withResolvers = 2; Promise.race = 3; Promise.try = 4; Promise.all = 5',
  ])('runs later cells after %s', async (code) => {
    await using mine = await startKernel();
    await mine.execute(code);
    expect(resultOf(await mine.execute('1 + 1'))).toBe('2');
    expect(streamOf(await mine.execute('console.log("x"); await null'))).toBe('x\n');
    expect((await mine.execute('throw 5')).reply.content['evalue']).toBe('5');
    expect(resultOf(await mine.execute('let a = { b: 1 }; a'))).toBe('{ b: 1 }');
  });

  it('leaves the global where the cell failed before it declared the name, and %reset brings it back', async () => {
    await kernel.execute('const URL = nothing()');
    expect(resultOf(await kernel.execute('new URL("http://a").host'))).toBe("'a'");
    await kernel.execute('const URL = 5');
    await kernel.execute('%reset');
    expect(resultOf(await kernel.execute('new URL("http://b").host'))).toBe("'b'");
  });

  it('names them in errors as the cell does', async () => {
    const failed = await kernel.execute('const fetch = 5; fetch()');
    expect(failed.reply.content['evalue']).toBe('fetch is not a function');
    await kernel.execute('%reset');
  });
});

describe('execute_request that throws what cannot be read', () => {
  const odd: readonly string[] = [
    'Object.defineProperty(new Error("a"), "message", { get() { throw 1 } })',
    'Object.defineProperty(new Error("a"), "stack", { get() { throw new Error("b") } })',
    'Object.defineProperty(new Error("a"), "cause", { get() { throw 1 }, enumerable: true })',
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
    'new Proxy(new Error("a"), { get() { throw 1 }, has() { throw 2 }, getPrototypeOf() { throw 3 }, ownKeys() { throw 4 } })',
    '({ get name() { throw 1 }, get message() { throw 2 } })',
    '({ toString() { throw 1 }, [Symbol.toPrimitive]() { throw 2 }, [Symbol.for("nodejs.util.inspect.custom")]() { throw 3 } })',
    'Object.assign(new Error("a"), { name: { toString() { throw 1 } }, message: Symbol("m"), stack: 5 })',
    'undefined',
    'Object.create(null)',
    'Symbol("s")',
  ];

  it.each(odd)('answers and goes on after throw %s', async (value) => {
    const failed = await kernel.execute(`throw ${value}`);
    expect(failed.reply.content).toMatchObject({ status: 'error' });
    expect(tracebackOf(failed)).not.toBe('');
    expect(resultOf(await kernel.execute('1 + 1'))).toBe('2');
  });

  it.each(odd)('tells it below the cell when a timer, a promise or a tick throws %s', async (value) => {
    const told = await kernel.execute(`setTimeout(() => { throw ${value} }, 0); Promise.reject(${value});
      process.nextTick(() => { throw ${value} }); await new Promise((r) => setTimeout(r, 5))`);
    expect(streamOf(told, 'stderr').match(/^Uncaught |^Unhandled rejection: /gm)).toHaveLength(3);
    expect(resultOf(await kernel.execute('1 + 1'))).toBe('2');
  });

  it('answers when Error.prepareStackTrace throws', async () => {
    const failed = await kernel.execute(
      'Error.prepareStackTrace = () => { throw new Error("no") }; throw new RangeError("yes")',
    );
    expect(failed.reply.content).toMatchObject({ ename: 'RangeError', evalue: 'yes' });
    await kernel.execute('delete Error.prepareStackTrace');
  });
});

describe('execute_request that throws an error with errors inside', () => {
  it.each([
    [
      'new AggregateError([new Error("one"), new TypeError("two")], "both")',
      ['[errors 0]: Error: one', '[errors 1]: TypeError: two'],
    ],
    [
      'await Promise.any([Promise.reject(new Error("first")), Promise.reject(2)])',
      ['[errors 0]: Error: first', '[errors 1]: 2'],
    ],
    ['new Error("a", { cause: new Error("b", { cause: "c" }) })', ['[cause]: Error: b', "[cause]: 'c'"]],
    ['(() => { const e: any = new Error("round"); e.cause = e; return e })()', ['[cause]: (circular)']],
    [
      'new SuppressedError(new Error("later"), new Error("before"), "s")',
      ['[error]: Error: later', '[suppressed]: Error: before'],
    ],
    [
      '(() => { try { require("node:fs").readFileSync("/nowhere") } catch (e) { return e } })()',
      ["code: 'ENOENT'", "path: '/nowhere'"],
    ],
    ['Object.assign(new Error("e"), { code: 7, details: { a: [1] } })', ['code: 7', 'details: { a: [ 1 ] }']],
    ['(() => { try { Buffer.from(5 as any) } catch (e) { return e } })()', ["code: 'ERR_INVALID_ARG_TYPE'"]],
    ['new Error("0 is a cause", { cause: 0 })', ['[cause]: 0']],
  ])('shows those of %s', async (value, lines) => {
    const text = tracebackOf(await kernel.execute(`throw ${value}`));
    for (const line of lines) expect(text).toContain(line);
  });
});

describe('execute_request with text that is none', () => {
  const half = String.fromCharCode(0xd83d);

  it.each([
    ['console.log("a\\ud83d")', 'a\ufffd\n'],
    ['process.stdout.write("\\udc00b")', '\ufffdb'],
    ['console.log("\\u{1f600}")', '\u{1f600}\n'],
    ['console.log("\\\\ud83d")', '\\ud83d\n'],
    ['process.stdout.write("e282ac", "hex")', '€'],
    ['for (const byte of Buffer.from("ä€😀")) process.stdout.write(Uint8Array.of(byte))', 'ä€😀'],
    [
      `const { spawn } = require("node:child_process"); const { once } = require("node:events");
       const child = spawn(process.execPath, ["-e", "process.stdout.write('ä'.repeat(200_001))"]);
       child.stdout.on("data", (chunk) => { for (let i = 0; i < chunk.length; i += 4095) process.stdout.write(chunk.subarray(i, i + 4095)) });
       await once(child, "close"); undefined`,
      'ä'.repeat(200_001),
    ],
  ])('writes %s as text that can be saved', async (code, text) => {
    expect(streamOf(await kernel.execute(code))).toBe(text);
  });

  it.each([
    `display({ 'text/plain': 'x\\ud800' }, { raw: true })`,
    `throw new Error('x\\ud800')`,
    `({ [Symbol.for('Jupyter.display')]: () => ({ 'application/json': { 'k\\udfff': ['\\ud800'] } }) })`,
    `console.error('\\ud83d')`,
    `'${half}'; console.log('${half}')`,
  ])('sends %j without halves of characters', async (code) => {
    const exchange = await kernel.execute(code);
    expect(
      JSON.stringify([exchange.reply.content, exchange.iopub.map(({ content }) => content)]),
    ).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
  });
});

describe('execute_request that is nested too deeply', () => {
  it.each([
    `${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
    `x = ${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    `${'function f() {'.repeat(20_000)}${'}'.repeat(20_000)}`,
    `${'a ? b : '.repeat(20_000)}c`,
    `${'`${'.repeat(20_000)}1${'}`'.repeat(20_000)}`,
    `${'!'.repeat(60_000)}1`,
  ])('is refused, and the kernel goes on: %#', async (code) => {
    await kernel.request('is_complete_request', { code });
    expect((await kernel.execute(code)).reply.content).toMatchObject({
      status: 'error',
      ename: 'SyntaxError',
    });
    expect(resultOf(await kernel.execute(`${'('.repeat(500)}1 + 1${')'.repeat(500)}`))).toBe('2');
  });
});
