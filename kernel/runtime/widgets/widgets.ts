// `widgets`: sliders, boxes and buttons that move in the front end and call handlers in the notebook. They are
// the standard models of ipywidgets, and anywidget's, so that JupyterLab shows them with jupyterlab_widgets.
import type { Comms } from '../comms.ts';
import {
  createAny,
  createBox,
  createButton,
  createDropdown,
  createHtml,
  createSlider,
  openControl,
} from './widgets-controls.ts';
import type {
  AnyWidgetOptions,
  Button,
  ButtonOptions,
  Children,
  DropdownOptions,
  HtmlOptions,
  SliderOptions,
  TextOptions,
  WidgetOptions,
} from './widgets-controls.ts';
import type { Widget } from './widgets-handle.ts';
import { createWidgetHost } from './widgets-model.ts';

/** Makes widgets. Each is open in all front ends at once and shows where it is the value of a cell. */
export interface Widgets {
  slider(options?: SliderOptions): Widget<number>;
  checkbox(options?: WidgetOptions & { readonly value?: boolean }): Widget<boolean>;
  dropdown<Value>(options: DropdownOptions<Value>): Widget<Value>;
  text(options?: TextOptions): Widget<string>;
  button(options?: ButtonOptions): Button;
  /** HTML that changes: `.value` is its text. */
  html(options?: HtmlOptions): Widget<string>;
  /** Widgets below each other. Disposing of the box leaves them. */
  vbox(...children: Children): Widget<Children>;
  /** Widgets beside each other. */
  hbox(...children: Children): Widget<Children>;
  anywidget<State extends object = Record<string, unknown>>(options: AnyWidgetOptions<State>): Widget<State>;
}

/** Creates `widgets`. */
export function createWidgets(comms: Comms): Widgets {
  const host = createWidgetHost(comms);
  return {
    slider: (options) => createSlider(host, options),
    checkbox: ({ value = false, ...rest } = {}) =>
      openControl(host, 'Checkbox', rest, { value, indent: true }, { style: 'Checkbox' }),
    dropdown: (options) => createDropdown(host, options),
    text: ({ value = '', placeholder = '\u200b', continuous = true, ...rest } = {}) =>
      openControl(
        host,
        'Text',
        rest,
        { value, placeholder, continuous_update: continuous },
        { style: 'Text' },
      ),
    button: (options) => createButton(host, options),
    html: (options) => createHtml(host, options),
    vbox: (...children) => createBox(host, 'VBox', children),
    hbox: (...children) => createBox(host, 'HBox', children),
    anywidget: (options) => createAny(host, options),
  };
}
