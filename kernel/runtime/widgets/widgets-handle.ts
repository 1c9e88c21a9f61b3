// What a cell holds of a widget: its value, its events, and how it is shown.
import { inspect } from 'node:util';
import { displaySymbol } from '../display/mime-bundle.ts';
import type { WidgetModel, WidgetState } from './widgets-model.ts';
import { Object, Promise, Symbol, TypeError } from '../primordials.ts';

/** A widget. Its handlers run in the cell that made it: what they write and throw shows there. */
export interface Widget<Value> extends AsyncIterable<Value>, Disposable {
  readonly modelId: string;
  /** What the widget holds; setting it moves the widget in all front ends. */
  value: Value;
  /** One value of the state by its name in the front end, such as `max` or `disabled`. */
  get(name: string): unknown;
  /** Changes state by name: `slider.set({ max: 500, disabled: true })`. */
  set(changes: Readonly<Record<string, unknown>>): void;
  /**
   * `change:<name>` is told the new value of that state, `change` all that changed, `message` the content of a
   * custom message and its buffers. Returns the function that takes the handler away.
   */
  on(event: string, handler: (value: never, buffers: readonly Uint8Array[]) => unknown): () => void;
  /** Told each new value. Returns the function that takes the handler away. */
  readonly onChange: (handler: (value: Value) => unknown) => () => void;
  /** Sends a custom message to the front end. */
  readonly send: (content: unknown, buffers?: readonly Uint8Array[]) => void;
  /** Removes the widget from all front ends; loops over it end. */
  dispose(): void;
}

/** How a widget's value stands in its model. */
export interface ValueCodec<Value> {
  read(state: WidgetState): Value;
  write(value: Value): WidgetState;
  /** Calls `tell` when the value is another; returns the function that ends it. */
  watch(model: WidgetModel, tell: () => unknown): () => void;
}

/** The value is the state of one name. */
export function valueAt<Value>(key: string): ValueCodec<Value> {
  return {
    read: (state) => state[key] as Value,
    write: (value) => ({ [key]: value }),
    watch: watchState(key),
  };
}

/** Watches the state of one name. */
export function watchState(key: string): ValueCodec<unknown>['watch'] {
  return (model, tell) => model.on('change', (changes) => (key in changes ? tell() : undefined));
}

/** Wraps a model. `parts` are models that end with it. */
export function createWidget<Value>(
  name: string,
  model: WidgetModel,
  codec: ValueCodec<Value>,
  parts: readonly WidgetModel[] = [],
): Widget<Value> {
  const describe = (): string =>
    `${name} ${inspect(codec.read(model.state), { depth: 1, breakLength: 100 })}`;
  const onChange = (handler: (value: Value) => unknown): (() => void) =>
    codec.watch(model, () => handler(codec.read(model.state)));
  const dispose = (): void => [model, ...parts].forEach((part) => part.close());
  const widget: Widget<Value> = {
    modelId: model.id,
    get value() {
      return codec.read(model.state);
    },
    set value(value) {
      model.set(codec.write(value));
    },
    get: (key) => model.state[key],
    set: (changes) => model.set(changes),
    on: (event, handler) => listen(model, event, handler as Handler),
    onChange,
    send: model.send,
    dispose,
    [Symbol.dispose]: dispose,
    [Symbol.asyncIterator]: () => readValues(model, onChange),
  };
  return Object.defineProperties(widget, {
    [displaySymbol]: { value: () => viewOf(model.id, describe()) },
    [inspect.custom]: { value: describe },
  });
}

/** What shows a model, in place of which other programs show the text. */
function viewOf(modelId: string, text: string): Record<string, unknown> {
  return {
    'application/vnd.jupyter.widget-view+json': { version_major: 2, version_minor: 0, model_id: modelId },
    'text/plain': text,
  };
}

type Handler = (value: unknown, buffers: readonly Uint8Array[]) => unknown;

function listen(model: WidgetModel, event: string, handler: Handler): () => void {
  if (event === 'message') return model.on('custom', ({ content, buffers }) => handler(content, buffers));
  if (event === 'change') return model.on('change', (changes) => handler(changes, []));
  const [kind, key] = event.split(/:(.*)/s);
  if (kind !== 'change' || !key) {
    throw new TypeError(
      `Cannot listen to widget event "${event}": there is none of this name; use change, change:<name> or message`,
    );
  }
  return model.on('change', (changes) => (key in changes ? handler(changes[key], []) : undefined));
}

/** Values as they come; a loop that is slower than the widget moves gets the newest one. */
async function* readValues<Value>(
  model: WidgetModel,
  onChange: Widget<Value>['onChange'],
): AsyncGenerator<Value> {
  let newest: { readonly value: Value } | null = null;
  let wake = (): void => {};
  const stops = [
    onChange((value) => {
      newest = { value };
      wake();
    }),
    model.on('close', () => wake()),
  ];
  try {
    for (;;) {
      const next = newest as { readonly value: Value } | null;
      newest = null;
      if (next) yield next.value;
      else if (model.isClosed) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stops.forEach((stop) => stop());
  }
}
