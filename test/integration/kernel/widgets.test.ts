// Widgets through a running kernel, both ways: what a front end sends reaches handlers, what cells set reaches
// front ends, and output and errors of handlers show in the cell that made the widget.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isChildOf, isStatus, resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { Exchange, Json, KernelClient, Received } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel[Symbol.asyncDispose]());

/** Sends a message to a widget; resolves to its msg_id once the kernel has handled it. */
async function tell(modelId: string, data: Json, buffers: readonly Uint8Array[] = []): Promise<string> {
  const id = await kernel.send('shell', 'comm_msg', { comm_id: modelId, data }, { buffers });
  await kernel.wait((message) => isChildOf(message, id) && isStatus(message, 'idle'));
  return id;
}

const move = (modelId: string, state: Json): Promise<string> =>
  tell(modelId, { method: 'update', state, buffer_paths: [] });

/** The model that a cell's result or its last display shows. */
function modelOf({ iopub }: Exchange): string {
  const shown = iopub.findLast(({ content }) => content['data'] !== undefined && 'metadata' in content)!;
  const view = (shown.content['data'] as Json)['application/vnd.jupyter.widget-view+json'];
  return (view as { model_id: string }).model_id;
}

/** What came under a request after its cell had ended. */
const lateOutput = ({ id, iopub }: Exchange): readonly Received[] => kernel.iopubOf(id).slice(iopub.length);

const shown = (messages: readonly Received[]): unknown[] =>
  messages
    .filter(({ header }) => header.msg_type === 'stream' || header.msg_type === 'error')
    .map(({ content }) => content['text'] ?? content['evalue']);

/** States sent to a model, in order. */
const updatesOf = (messages: readonly Received[], modelId: string): unknown[] =>
  messages
    .filter(({ header, content }) => header.msg_type === 'comm_msg' && content['comm_id'] === modelId)
    .map(({ content }) => content['data']);

describe('widgets.slider()', () => {
  it('runs its handler in its own cell when the front end moves it', async () => {
    const made = await kernel.execute(
      'const s = widgets.slider({ min: 0, max: 100, value: 10 }); s.onChange((v) => console.log("at", v)); s',
    );
    expect(resultOf(made)).toBe('IntSlider 10');
    const message = await move(modelOf(made), { value: 42 });
    expect(shown(lateOutput(made))).toEqual(['at 42\n']);
    // The echo goes under the message: by it the front end that sent it knows that it is its own.
    expect(updatesOf(kernel.iopubOf(message), modelOf(made))).toEqual([
      { method: 'echo_update', state: { value: 42 }, buffer_paths: [] },
    ]);
    expect(resultOf(await kernel.execute('s.value'))).toBe('42');
  });

  it('shows what a handler throws in its cell, with its place, and lives on', async () => {
    const made = await kernel.execute(`const t = widgets.slider();
      t.onChange((v) => { throw new RangeError('no ' + v); });
      t.onChange((v) => console.log('second', v));
      t.onChange(async (v) => { await null; throw new Error('late ' + v); });
      t`);
    await move(modelOf(made), { value: 1 });
    expect(new Set(shown(lateOutput(made)))).toEqual(new Set(['late 1', 'no 1', 'second 1\n']));
    const traceback = lateOutput(made).find(({ content }) => content['ename'] === 'RangeError')!.content;
    expect((traceback['traceback'] as string[]).join('\n')).toMatch(/cell-\d+\.ts:2:/);
    await move(modelOf(made), { value: 2 });
    expect(shown(lateOutput(made))).toContain('second 2\n');
  });

  it('keeps its value and the notebook when a handler that spins is interrupted', async () => {
    const made = await kernel.execute(
      'const v = widgets.slider(); let turns = 0; v.onChange(() => { console.log("spins"); for (;;) turns++; }); v',
    );
    const data = { method: 'update', state: { value: 7 }, buffer_paths: [] };
    const id = await kernel.send('shell', 'comm_msg', { comm_id: modelOf(made), data });
    await kernel.wait((message) => message.content['text'] === 'spins\n');
    await kernel.interrupt();
    await kernel.wait((message) => isChildOf(message, id) && isStatus(message, 'idle'));
    expect(resultOf(await kernel.execute('[v.value, turns > 0]'))).toBe('[ 7, true ]');
  });

  it('moves in front ends when a cell sets it, and sends nothing that is not new', async () => {
    const made = await kernel.execute('const u = widgets.slider({ min: 0, max: 1, value: 0.5 }); u');
    const id = modelOf(made);
    const set = await kernel.execute(
      'const heard = []; u.on("change:value", (v) => heard.push(v)); u.value = 0.75; u.value = 0.75; u.set({ max: 2 }); heard',
    );
    expect(updatesOf(set.iopub, id)).toEqual([
      { method: 'update', state: { value: 0.75 }, buffer_paths: [] },
      { method: 'update', state: { max: 2 }, buffer_paths: [] },
    ]);
    expect(resultOf(set)).toBe('[ 0.75 ]');
  });

  it('refuses what is out of its range, and a layout that is none', async () => {
    const { reply } = await kernel.execute('widgets.slider({ max: 5, value: 6 })');
    expect(reply.content).toMatchObject({
      ename: 'RangeError',
      evalue: 'Cannot make slider with value "6": it is not between 0 and 5; choose one that is',
    });
    const layout = await kernel.execute('widgets.slider({ layout: { colour: "red" } })');
    expect(layout.reply.content['evalue']).toMatch(/^Cannot lay out widget with "colour": /);
  });

  it('gives its values to a loop, the newest one first when the loop is slow, till it is disposed of', async () => {
    const made = await kernel.execute('const w = widgets.slider(); w');
    const loop = await kernel.sendCell(
      'const seen = []; for await (const v of w) { seen.push(v); console.log(v); if (v === 9) w.dispose(); } seen',
    );
    await kernel.wait((message) => isChildOf(message, loop) && message.header.msg_type === 'execute_input');
    await move(modelOf(made), { value: 3 });
    await kernel.wait((message) => isChildOf(message, loop) && message.content['text'] === '3\n');
    await move(modelOf(made), { value: 9 });
    const exchange = await kernel.exchange(loop);
    expect(resultOf(exchange)).toBe('[ 3, 9 ]');
    const closed = exchange.iopub.filter(({ header }) => header.msg_type === 'comm_close');
    expect(closed.map(({ content }) => content['comm_id'])).toContain(modelOf(made));
    const info = await kernel.request('comm_info_request', { target_name: 'jupyter.widget' });
    expect(info.reply.content['comms']).not.toHaveProperty(modelOf(made));
  });
});

describe('widgets.anywidget() and its like', () => {
  it('tell values of their own kinds', async () => {
    const box = await kernel.execute(`const c = widgets.checkbox({ label: 'on' });
      const d = widgets.dropdown({ options: { low: 1, high: 2 } });
      const x = widgets.text({ label: 'name' });
      const b = widgets.button({ label: 'Go' });
      for (const w of [c, d, x]) w.onChange((v) => console.log(v));
      b.onClick((n) => console.log('click', n));
      const box = widgets.hbox(c, d, x, b); display(box); [c, d, x, b].map((w) => w.modelId)`);
    const ids = [...resultOf(box)!.matchAll(/'([0-9a-f-]{36})'/g)].map(([, id]) => id!);
    await move(ids[0]!, { value: true });
    await move(ids[1]!, { index: 1 });
    await move(ids[2]!, { value: 'né' });
    await tell(ids[3]!, { method: 'custom', content: { event: 'click' } });
    expect(shown(lateOutput(box))).toEqual(['true\n', '2\n', 'né\n', 'click 1\n']);
    const wrong = await kernel.execute('d.value = 3');
    expect(wrong.reply.content['evalue']).toMatch(/^Cannot choose "3": /);
    expect(resultOf(await kernel.execute('box.value.length'))).toBe('4');
  });

  it('carry binary state and messages both ways', async () => {
    const made = await kernel.execute(`const a = widgets.anywidget({ esm: 'export default {}',
        state: { n: 1, data: new Float32Array([1, 2]).subarray(1) } });
      a.on('message', (content, buffers) => a.send({ got: content }, [buffers[0].subarray(1)]));
      a.on('change:data', (bytes) => console.log(bytes.length));
      a`);
    const open = made.iopub.findLast(({ header }) => header.msg_type === 'comm_open')!;
    expect(open.metadata).toEqual({ version: '2.1.0' });
    expect(open.content['data']).toMatchObject({ state: { n: 1 }, buffer_paths: [['data']] });
    expect(open.buffers[0]!.readFloatLE()).toBe(2);
    expect(open.buffers[0]).toHaveLength(4);
    await tell(modelOf(made), { method: 'update', state: { n: 5 }, buffer_paths: [['data']] }, [
      Buffer.from([1, 2, 3]),
    ]);
    expect(shown(lateOutput(made))).toEqual(['3\n']);
    expect(resultOf(await kernel.execute('[a.value.n, ...a.value.data]'))).toBe('[ 5, 1, 2, 3 ]');
    await tell(modelOf(made), { method: 'custom', content: 'q' }, [Buffer.from([1, 2])]);
    const answer = lateOutput(made).find(
      ({ content }) => (content['data'] as Json | undefined)?.['method'] === 'custom',
    )!;
    expect(answer.content['data']).toEqual({ method: 'custom', content: { got: 'q' } });
    expect([...answer.buffers[0]!]).toEqual([2]);
  });
});

describe('widgets.anywidget() in a front end that opens late', () => {
  it('gives one state, and all of them with their buffers', async () => {
    const made = await kernel.execute(
      'const l = widgets.anywidget({ esm: "x", state: { deep: { bytes: Uint8Array.of(9) } } }); l',
    );
    const asked = await tell(modelOf(made), { method: 'request_state' });
    expect(updatesOf(kernel.iopubOf(asked), modelOf(made))).toMatchObject([
      { method: 'update', state: { _esm: 'x' }, buffer_paths: [['deep', 'bytes']] },
    ]);
    const control = 'control-comm';
    await kernel.send('shell', 'comm_open', {
      comm_id: control,
      target_name: 'jupyter.widget.control',
      data: {},
    });
    const all = await tell(control, { method: 'request_states' });
    const [answer] = kernel.iopubOf(all).filter(({ header }) => header.msg_type === 'comm_msg');
    const data = answer!.content['data'] as { states: Json; buffer_paths: unknown[][] };
    expect(data.states[modelOf(made)]).toMatchObject({ model_name: 'AnyModel', state: { _esm: 'x' } });
    const at = data.buffer_paths.findIndex((path) => path[0] === modelOf(made));
    expect(data.buffer_paths[at]).toEqual([modelOf(made), 'state', 'deep', 'bytes']);
    expect([...answer!.buffers[at]!]).toEqual([9]);
  });

  it('takes what is no message of a widget for none', async () => {
    const made = await kernel.execute('const odd = widgets.slider({ value: 1 }); odd');
    const state = JSON.parse('{"__proto__": {"polluted": 1}, "value": 2}') as Json;
    await tell(modelOf(made), { method: 'update', state, buffer_paths: [['__proto__', 'x'], []] }, [
      Buffer.from([1]),
    ]);
    await tell(modelOf(made), { method: 'no such' });
    await tell(modelOf(made), {});
    expect(resultOf(await kernel.execute('[odd.value, {}.polluted, {}.x]'))).toBe(
      '[ 2, undefined, undefined ]',
    );
  });
});
