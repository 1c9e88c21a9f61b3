// Widgets judged by ipywidgets and anywidget themselves: their Python classes take the state that cells open,
// and hold then exactly this state; binary values are decoded and encoded by them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isStatus, resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { Json, KernelClient, Received } from '../../support/kernel/kernel-client.ts';
import { python } from '../../support/python.ts';

const script = fileURLToPath(new URL('../../support/kernel/check-widgets.py', import.meta.url));

interface Judged {
  readonly widgets: Readonly<Record<string, { readonly type: string; readonly state: Json }>>;
  readonly update: { readonly state: Json; readonly buffer_paths: unknown[]; readonly buffers: string[] };
}

let kernel: KernelClient;
let opens: readonly Received[];
let judged: Judged;

const cell = `
const all = widgets.vbox(
  widgets.slider({ min: 0, max: 100, value: 10, label: 'whole', layout: { width: '20em', gridArea: 'a', border: '1px solid' } }),
  widgets.slider({ min: 0, max: 1, value: 0.5, step: 0.01, disabled: true, continuous: false }),
  widgets.checkbox({ value: true, label: 'on', tooltip: 'words' }),
  widgets.dropdown({ options: { one: 1, two: 2 }, value: 2 }),
  widgets.text({ value: 'é', placeholder: 'here' }),
  widgets.hbox(widgets.button({ label: 'Go', style: 'primary', icon: 'check' }), widgets.html({ value: '<b>x</b>' })),
);
const own = widgets.anywidget({
  esm: 'export default { render() {} }',
  css: 'p {}',
  state: { count: 1, bytes: new Float32Array([1.5]), nested: [{ deep: Uint8Array.of(7) }, new ArrayBuffer(2)] },
});
own.modelId`;

beforeAll(async () => {
  kernel = await startKernel();
  const { iopub } = await kernel.execute(cell);
  opens = iopub.filter(({ header }) => header.msg_type === 'comm_open');
  const input = opens.map(({ content, metadata, buffers }) => ({
    ...content,
    metadata,
    buffers: buffers.map((held) => held.toString('base64')),
  }));
  const { stdout, stderr, status } = spawnSync(python, [script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    timeout: 50_000,
  });
  if (status !== 0) throw new Error(stderr);
  judged = JSON.parse(stdout) as Judged;
});
afterAll(() => kernel[Symbol.asyncDispose]());

const stateOf = ({ content }: Received): Json => (content['data'] as { state: Json }).state;
const isAny = (open: Received): boolean => stateOf(open)['_model_module'] === 'anywidget';

describe('ipywidgets', () => {
  it('comm_open lets ipywidgets build its own widget from each model, with the same state, key by key', () => {
    const controls = opens.filter((open) => !isAny(open));
    const types = controls.map(({ content }) => judged.widgets[String(content['comm_id'])]!.type);
    expect(types.filter((type) => !/Layout|Style/.test(type))).toEqual([
      'IntSlider',
      'FloatSlider',
      'Checkbox',
      'Dropdown',
      'Text',
      'Button',
      'HTML',
      'HBox',
      'VBox',
    ]);
    for (const open of controls) {
      const { type, state } = judged.widgets[String(open.content['comm_id'])]!;
      expect({ type, ...stateOf(open) }).toEqual({ type, ...state });
    }
  });

  it('comm_msg takes an update with binary values that ipywidgets encoded', async () => {
    const id = resultOf(await kernel.execute('own.modelId'))!.slice(1, -1);
    const { state, buffer_paths, buffers } = judged.update;
    const sent = await kernel.send(
      'shell',
      'comm_msg',
      { comm_id: id, data: { method: 'update', state, buffer_paths } },
      { buffers: buffers.map((held) => Buffer.from(held, 'base64')) },
    );
    await kernel.wait((message) => message.parentHeader['msg_id'] === sent && isStatus(message, 'idle'));
    const held = await kernel.execute(
      `[own.get('plain'), ...own.get('bytes'), ...own.get('nested')[0].deep, ...own.get('nested')[1]]`,
    );
    expect(resultOf(held)).toBe('[ 1, 1, 2, 3, 4 ]');
  });
});

describe('widgets.anywidget()', () => {
  it('holds the same names and values as anywidget, binary ones decoded', () => {
    const open = opens.find(isAny)!;
    const { state } = judged.widgets[String(open.content['comm_id'])]!;
    // Python names its class, and pins the version that it brings; ours is any that is installed.
    const differing = ['_anywidget_id', '_model_module_version', '_view_module_version'];
    const without = (held: Json): Json =>
      Object.fromEntries(Object.entries(held).filter(([name]) => !differing.includes(name)));
    expect(Object.keys(state).toSorted()).toEqual([...Object.keys(stateOf(open)), 'bytes'].toSorted());
    expect(without(state)).toEqual({
      ...without(stateOf(open)),
      bytes: '0000c03f',
      nested: [{ deep: '07' }, '0000'],
    });
  });
});
