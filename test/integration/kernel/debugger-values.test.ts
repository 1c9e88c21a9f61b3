// What the debugger shows: variables, expressions, data as the notebook shows it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebugClient, valuesOf } from '../../support/kernel/debug-client.ts';
import type { DapObject } from '../../support/kernel/debug-client.ts';
import { resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { Json, KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
let dap: DebugClient;
beforeAll(async () => {
  kernel = await startKernel({ env: { NO_COLOR: '1' } });
  dap = new DebugClient(kernel);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const cell = `import { sep } from 'node:path';
import * as path from 'node:path';
let ran: string[] = [];
const crypto = 'mine';
const performance = 'faked';
const long = Array.from({ length: 25_000 }, (_, i) => i);
const floats = new Float64Array(300).fill(0.5);
const table = new Map<string, object>([['a', { b: 1 }]]);
const kept = new Set([1, 'two']);
const wild = new Proxy({}, { get() { ran.push('get'); }, ownKeys() { ran.push('ownKeys'); return []; }, has() { ran.push('has'); return true; } });
class Point { #secret = 1; get norm() { ran.push('norm'); return 1; } constructor(public x: number) {} }
const point = new Point(4);
const mixed = { get late() { ran.push('late'); return 1; }, text: 'a\\nb', none: null, big: 10n, when: new Date(0), bad: new RangeError('no'), re: /x/g, done: Promise.resolve(4), call: async (a: number) => a };
const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, i) => ['k' + i, i]));
enum Kind { A }
function count(n: number) {
  const twice = n * 2;
  const fetch = (crypto: string) => { debugger; return crypto; };
  fetch('param');
  { const inner = 1; debugger; return twice + inner; }
}`;

/** The variables of the notebook. */
async function inspect(): Promise<readonly DapObject[]> {
  const { variables } = await dap.ask('inspectVariables');
  return variables as DapObject[];
}

const named = (variables: readonly DapObject[], name: string): DapObject =>
  variables.find((one) => one.name === name)!;

describe('inspectVariables', () => {
  it('lists the names of the notebook before a debugger has started, with ordinary names', async () => {
    await kernel.execute(cell);
    const values = valuesOf(await inspect());
    expect(values).toMatchObject({
      sep: '"/"',
      crypto: '"mine"',
      long: expect.stringMatching(/^Array\(25000\) \[0, 1, 2, .*…\]$/),
      floats: expect.stringMatching(/^Float64Array\(300\) \[0\.5, /),
      table: 'Map(1) {"a" → Object}',
      kept: 'Set(2) {1, "two"}',
      wild: 'Proxy(Object)',
      point: 'Point {#secret: 1, x: 4}',
      Point: 'class Point',
      count: 'ƒ count(n)',
    });
    expect(Object.keys(values).filter((name) => name.includes('$'))).toEqual([]);
    expect((await dap.send('stackTrace', { threadId: 1 }))['success']).toBe(false);
  });

  it('opens long lists in parts, or what a client asks for of them', async () => {
    const long = named(await inspect(), 'long');
    expect(long['indexedVariables']).toBe(25_000);
    const parts = await dap.children(long);
    expect(parts.map(({ name }) => name)).toEqual(['[0 … 9999]', '[10000 … 19999]', '[20000 … 24999]']);
    const inner = await dap.children(parts[1]!);
    expect(inner).toHaveLength(100);
    expect(valuesOf(await dap.children(inner[1]!))).toMatchObject({ 10_100: '10100', 10_199: '10199' });
    const asked = await dap.children(long, { filter: 'indexed', start: 24_998, count: 5 });
    expect(valuesOf(asked)).toEqual({ 24_998: '24998', 24_999: '24999' });
    const many = await dap.children(named(await inspect(), 'many'));
    expect(many).toHaveLength(25);
    expect(valuesOf(await dap.children(many[24]!))).toMatchObject({ k2400: '2400', k2499: '2499' });
    expect(await dap.children(named(await inspect(), 'floats'))).toHaveLength(3);
  });

  it('runs no getter and no trap of a proxy', async () => {
    const all = await inspect();
    expect(valuesOf(await dap.children(named(all, 'wild')))).toEqual({
      '[[Handler]]': 'Object',
      '[[Target]]': 'Object',
    });
    expect(valuesOf(await dap.children(named(all, 'point')))).toEqual({ x: '4', '#secret': '1' });
    expect(valuesOf(await dap.children(named(all, 'mixed')))).toEqual({
      late: '(getter)',
      text: '"a\\nb"',
      none: 'null',
      big: '10n',
      when: expect.stringContaining('1970'),
      bad: 'RangeError: no',
      re: '/x/g',
      done: 'Promise {[[PromiseState]]: "fulfilled", [[PromiseResult]]: 4}',
      call: 'ƒ async (a)',
    });
    const [entry] = await dap.children(named(all, 'table'));
    expect(valuesOf(await dap.children(entry!))).toEqual({ key: '"a"', value: '{b: 1}' });
    expect(valuesOf(await dap.children(named(all, 'kept')))).toEqual({ 0: '1', 1: '"two"' });
    expect(resultOf(await kernel.execute('ran.length'))).toBe('0');
  });

  it('forgets the numbers of an earlier list', async () => {
    const before = named(await inspect(), 'long');
    await inspect();
    const args = { variablesReference: before.variablesReference };
    expect(await dap.send('variables', args)).toMatchObject({ success: false });
  });
});

describe('richInspectVariables', () => {
  it('shows data as the notebook does, of any name that it lists', async () => {
    await kernel.execute(
      "import pl from 'nodejs-polars'; const frame = pl.DataFrame({ a: [1, 2], b: ['x', 'y'] });\nconst shown = { async [Symbol.for('Jupyter.display')]() { return { 'text/html': '<b>late</b>' }; } };",
    );
    const { data } = (await dap.ask('richInspectVariables', { variableName: 'frame' })) as { data: Json };
    expect(data['text/html']).toContain('<table');
    expect(await dap.ask('richInspectVariables', { variableName: 'crypto' })).toMatchObject({
      data: { 'text/plain': "'mine'" },
    });
    expect(await dap.ask('richInspectVariables', { variableName: 'shown' })).toMatchObject({
      data: { 'text/html': '<b>late</b>' },
    });
    expect(await dap.send('richInspectVariables', { variableName: 'nowhere' })).toMatchObject({
      success: false,
      message: 'ReferenceError: nowhere is not defined',
    });
  });
});

describe('debug_request in a paused frame', () => {
  let id: string;
  let frame: DapObject;
  let shadowed: string;
  beforeAll(async () => {
    await dap.start();
    id = await kernel.sendCell('count(21)');
    const [inner] = (await dap.stopped()) as [DapObject];
    // Names of globals that cells have taken, one of which a parameter has, too.
    shadowed = (await dap.evaluate('[crypto, performance]', inner)).value;
    [frame] = (await dap.step('continue')) as [DapObject];
  });

  it('scopes lists what the frame and its blocks declare, then the notebook', async () => {
    const { scopes } = (await dap.ask('scopes', { frameId: frame.id })) as { scopes: DapObject[] };
    expect(scopes.map(({ name }) => name)).toEqual(['Locals', 'Globals']);
    expect(await dap.scope(frame, 'Locals')).toEqual({
      n: '21',
      twice: '42',
      inner: '1',
      fetch: 'ƒ (crypto)',
    });
    expect(await dap.scope(frame, 'Globals')).toMatchObject({ crypto: '"mine"', wild: 'Proxy(Object)' });
  });

  it('evaluate reads TypeScript in the frame and in the notebook', async () => {
    expect((await dap.evaluate('(twice as number) + inner', frame)).value).toBe('43');
    expect((await dap.evaluate('crypto', frame)).value).toBe('"mine"');
    expect(shadowed).toBe('Array(2) ["param", "faked"]');
    expect((await dap.evaluate('long.length')).value).toBe('25000');
    expect(await dap.evaluate('({ n })', frame)).toMatchObject({ value: '{n: 21}', type: 'Object' });
    const opened = await dap.children(await dap.evaluate('({ n })', frame));
    expect(valuesOf(opened)).toEqual({ n: '21' });
    expect((await dap.evaluate('twice', frame, 'hover')).value).toBe('42');
  });

  it.each([
    ['nowhere', 'repl', 'ReferenceError: nowhere is not defined'],
    ['n = 5', 'hover', 'EvalError: Possible side-effect in debug-evaluate'],
    ['1 +', 'repl', 'SyntaxError'],
    ['(() => { throw new RangeError("mine") })()', 'watch', 'RangeError: mine'],
  ])('evaluate says what is wrong with %s', async (expression, context, message) => {
    const answer = await dap.send('evaluate', { expression, context, frameId: frame.id });
    expect(answer['success']).toBe(false);
    expect(answer['message']).toContain(message);
  });

  it('evaluate ends an expression without end', async () => {
    const answer = await dap.send('evaluate', { expression: 'for (;;);', frameId: frame.id });
    expect(answer).toMatchObject({ success: false, message: expect.stringContaining('longer than 3 s') });
  });

  it('setVariable, copyToGlobals and richInspectVariables act on the frame', async () => {
    const { scopes } = (await dap.ask('scopes', { frameId: frame.id })) as { scopes: DapObject[] };
    const { variablesReference } = scopes[0]!;
    // As in other debuggers of V8, constants too.
    expect(await dap.ask('setVariable', { variablesReference, name: 'twice', value: '50' })).toMatchObject({
      value: '50',
    });
    expect(await dap.send('setVariable', { variablesReference, name: 'n', value: '1 +' })).toMatchObject({
      success: false,
    });
    expect(await dap.ask('setVariable', { variablesReference, name: 'n', value: '[7]' })).toMatchObject({
      value: 'Array(1) [7]',
    });
    const mixed = named(await dap.children(scopes[1]!), 'mixed');
    const change = { variablesReference: mixed.variablesReference, name: 'text', value: 'n' };
    expect(await dap.ask('setVariable', change)).toMatchObject({ value: 'Array(1) [7]' });
    const rich = { variableName: 'twice', frameId: frame.id };
    expect(await dap.ask('richInspectVariables', rich)).toMatchObject({ data: { 'text/plain': '50' } });
    const shown = await dap.ask('richInspectVariables', { variableName: 'frame', frameId: frame.id });
    expect((shown['data'] as Json)['text/html']).toContain('<table');
    // It cannot be waited for while everything stands still.
    expect(await dap.ask('richInspectVariables', { variableName: 'shown', frameId: frame.id })).toMatchObject(
      {
        data: { 'text/plain': expect.any(String) },
      },
    );
    await dap.ask('copyToGlobals', { srcVariableName: 'n', dstVariableName: 'copied', srcFrameId: frame.id });
    expect(await dap.scope(frame, 'Globals')).toMatchObject({ copied: 'Array(1) [7]' });
  });

  it('source gives the text of the cell', async () => {
    const { content } = await dap.ask('source', { source: { path: frame.source.path } });
    expect(content).toBe(cell);
    expect(await dap.send('source', { source: { path: '/nowhere.ts' } })).toMatchObject({ success: false });
  });

  it('knows its numbers no longer when the thread has gone on', async () => {
    await dap.resume();
    expect(resultOf(await kernel.exchange(id))).toBe('51');
    expect(await dap.send('scopes', { frameId: frame.id })).toMatchObject({ success: false });
    expect(resultOf(await kernel.execute('copied'))).toBe('[ 7 ]');
    expect(resultOf(await kernel.execute('const copied = 1; copied'))).toBe('1');
  });
});
