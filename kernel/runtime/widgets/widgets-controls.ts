// Makers of the standard widgets: their options, their defaults, and what of their state is their value.
import { readFileSync } from 'node:fs';
import { isRecord } from '../display/inspect-property.ts';
import { createWidget, valueAt, watchState } from './widgets-handle.ts';
import type { ValueCodec, Widget } from './widgets-handle.ts';
import type { WidgetHost, WidgetModel, WidgetState } from './widgets-model.ts';
import { buildAny, buildControl, buildLabelled, buildLayout, buildStyle, referTo } from './widgets-state.ts';
import type { Layout, StyleKind } from './widgets-state.ts';
import { Array, Map, Math, Number, Object, RangeError, String, TypeError } from '../primordials.ts';

/** What all widgets take. */
export interface WidgetOptions {
  readonly label?: string;
  /** @default false */
  readonly disabled?: boolean;
  readonly tooltip?: string;
  readonly layout?: Layout;
}

/** A number between two ends. Whole numbers when all four are; step 1, or 0.1 when one is not. */
export interface SliderOptions extends WidgetOptions {
  /** @default 0 */
  readonly min?: number;
  /** @default 100 */
  readonly max?: number;
  readonly step?: number;
  /** @default min */
  readonly value?: number;
  readonly orientation?: 'horizontal' | 'vertical';
  /** Whether handlers run while the slider moves, or when it is let go. @default true */
  readonly continuous?: boolean;
}

/** One of several values, shown by their text or by the names of the record. */
export interface DropdownOptions<Value> extends WidgetOptions {
  readonly options: readonly Value[] | Readonly<Record<string, Value>>;
  /** @default the first */
  readonly value?: Value;
}

/** A line of text. */
export interface TextOptions extends WidgetOptions {
  readonly value?: string;
  readonly placeholder?: string;
  /** Whether handlers run at each key, or when the line is done. @default true */
  readonly continuous?: boolean;
}

/** How a button looks. */
export interface ButtonOptions extends WidgetOptions {
  readonly style?: 'primary' | 'success' | 'info' | 'warning' | 'danger';
  /** Name of a Font Awesome icon. */
  readonly icon?: string;
}

/** HTML that changes. */
export interface HtmlOptions {
  readonly value?: string;
  readonly label?: string;
  readonly layout?: Layout;
}

/** A widget of one's own. */
export interface AnyWidgetOptions<State> {
  /** The module for the front end, as text or as the URL of a file: https://anywidget.dev/en/afm/ */
  readonly esm: string | URL;
  readonly css?: string | URL;
  /** JSON, typed arrays and ArrayBuffers by name. */
  readonly state?: State;
  readonly layout?: Layout;
}

/** A button's value is how often it was clicked. */
export interface Button extends Widget<number> {
  /** Told each click. Returns the function that takes the handler away. */
  readonly onClick: (handler: (clicks: number) => unknown) => () => void;
}

interface ControlKind<Value> {
  readonly style: StyleKind;
  readonly codec?: ValueCodec<Value>;
}

/** Opens a control with its layout and style. */
export function openControl<Value>(
  host: WidgetHost,
  kind: string,
  { label = '', disabled = false, tooltip, layout = {} }: WidgetOptions,
  own: WidgetState,
  { style, codec = valueAt<Value>('value') }: ControlKind<Value>,
): Widget<Value> {
  const parts = [host.open(buildLayout(layout)), host.open(buildStyle(style))];
  const state = {
    ...buildLabelled(kind, label, { disabled, ...own }),
    ...(tooltip === undefined ? {} : { tooltip }),
    ...referToParts(parts),
  };
  return createWidget(kind, host.open(state), codec, parts);
}

const referToParts = ([layout, style]: readonly WidgetModel[]): WidgetState => ({
  layout: referTo(layout!.id),
  ...(style ? { style: referTo(style.id) } : {}),
});

export function createSlider(host: WidgetHost, options: SliderOptions = {}): Widget<number> {
  const { min = 0, max = 100, value = min, orientation = 'horizontal', continuous = true, ...rest } = options;
  const isWhole = [min, max, value, options.step ?? 1].every(Number.isInteger);
  const { step = isWhole ? 1 : 0.1 } = options;
  if (!(min <= value && value <= max)) {
    throw new RangeError(
      `Cannot make slider with value "${value}": it is not between ${min} and ${max}; choose one that is`,
    );
  }
  const own = {
    min,
    max,
    step,
    value,
    orientation,
    continuous_update: continuous,
    behavior: 'drag-tap',
    readout: true,
    readout_format: isWhole ? 'd' : `.${decimalsOf(step)}f`,
  };
  return openControl(host, isWhole ? 'IntSlider' : 'FloatSlider', rest, own, { style: 'Slider' });
}

const decimalsOf = (step: number): number =>
  Math.min(6, Math.max(1, String(step).split('.')[1]?.length ?? 0));

export function createDropdown<Value>(host: WidgetHost, options: DropdownOptions<Value>): Widget<Value> {
  const { options: choices, ...rest } = options;
  const [labels, values]: [string[], readonly Value[]] = Array.isArray(choices)
    ? [choices.map(String), choices as readonly Value[]]
    : [Object.keys(choices), Object.values(choices as Readonly<Record<string, Value>>)];
  const indexOf = (value: Value): number => {
    const at = values.indexOf(value);
    if (at >= 0) return at;
    throw new RangeError(
      `Cannot choose "${String(value)}": it is none of the options; choose one of ${labels.join(', ')}`,
    );
  };
  const index = 'value' in options ? indexOf(options.value) : values.length > 0 ? 0 : null;
  const codec: ValueCodec<Value> = {
    watch: watchState('index'),
    read: (state) => values[Number(state['index'])]!,
    write: (value) => ({ index: indexOf(value) }),
  };
  return openControl(
    host,
    'Dropdown',
    rest,
    { _options_labels: labels, index },
    { style: 'Description', codec },
  );
}

export function createButton(host: WidgetHost, options: ButtonOptions = {}): Button {
  const { label = '', disabled = false, tooltip = null, layout = {}, style = '', icon = '' } = options;
  const parts = [host.open(buildLayout(layout)), host.open(buildStyle('Button'))];
  const own = { description: label, disabled, tooltip, icon, button_style: style, ...referToParts(parts) };
  const model = host.open(buildControl('Button', own));
  let clicks = 0;
  const watch = (on: WidgetModel, tell: () => unknown): (() => void) =>
    on.on('custom', ({ content }) =>
      isRecord(content) && content['event'] === 'click' ? tell() : undefined,
    );
  watch(model, () => clicks++);
  const write = (): never => {
    throw new TypeError('Cannot set value of button: it counts the clicks; set its description or disabled');
  };
  const widget = createWidget<number>('Button', model, { read: () => clicks, write, watch }, parts);
  return Object.assign(widget, { onClick: widget.onChange });
}

export function createHtml(host: WidgetHost, options: HtmlOptions = {}): Widget<string> {
  const { value = '', label = '', layout = {} } = options;
  const parts = [host.open(buildLayout(layout)), host.open(buildStyle('HTML'))];
  const own = { value, placeholder: '\u200b', ...referToParts(parts) };
  return createWidget('HTML', host.open(buildLabelled('HTML', label, own)), valueAt('value'), parts);
}

/** Widgets of any kind. */
export type Children = readonly { readonly modelId: string }[];

export function createBox(host: WidgetHost, kind: 'VBox' | 'HBox', children: Children): Widget<Children> {
  const byReference = new Map<string, Children[number]>();
  const write = (next: Children): WidgetState => {
    next.forEach((child) => byReference.set(referTo(child.modelId), child));
    return { children: next.map(({ modelId }) => referTo(modelId)) };
  };
  const codec: ValueCodec<Children> = {
    watch: watchState('children'),
    read: (state) => (state['children'] as string[]).map((reference) => byReference.get(reference)!),
    write,
  };
  const layout = host.open(buildLayout({}));
  const state = buildControl(kind, { box_style: '', ...write(children), ...referToParts([layout]) });
  return createWidget(kind, host.open(state), codec, [layout]);
}

export function createAny<State extends object>(
  host: WidgetHost,
  options: AnyWidgetOptions<State>,
): Widget<State> {
  const { esm, css, state = {} as State, layout = {} } = options;
  const part = host.open(buildLayout(layout));
  const own = { ...state, ...referToParts([part]) };
  const model = host.open(
    buildAny(readWidgetSource(esm), css === undefined ? undefined : readWidgetSource(css), own),
  );
  const codec: ValueCodec<State> = {
    watch: (held, tell) => held.on('change', tell),
    read: (held) => Object.fromEntries(Object.keys(state).map((name) => [name, held[name]])) as State,
    write: (value) => value as WidgetState,
  };
  return createWidget('AnyWidget', model, codec, [part]);
}

/** Text as it is, also the address of a module on the web; a file's content. */
function readWidgetSource(source: string | URL): string {
  if (typeof source === 'string') return source;
  return source.protocol === 'file:' ? readFileSync(source, 'utf8') : source.href;
}
