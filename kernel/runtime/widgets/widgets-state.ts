// States of the standard widgets, key by key those of ipywidgets 8: @jupyter-widgets/base and controls 2.0.0.
// https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/jupyterwidgetmodels.latest.md
import type { WidgetState } from './widgets-model.ts';
import { Object, TypeError } from '../primordials.ts';

const BASE = '@jupyter-widgets/base';
const CONTROLS = '@jupyter-widgets/controls';
const VERSION = '2.0.0';

/** How a front end finds the model and the view. */
function address(
  module: string,
  version: string,
  model: string,
  viewModule: string,
  view: string,
): WidgetState {
  return {
    _model_module: module,
    _model_module_version: version,
    _model_name: model,
    _view_count: null,
    _view_module: viewModule,
    _view_module_version: version,
    _view_name: view,
  };
}

const LAYOUT_KEYS =
  'align_content align_items align_self border_bottom border_left border_right border_top bottom display flex ' +
  'flex_flow grid_area grid_auto_columns grid_auto_flow grid_auto_rows grid_column grid_gap grid_row ' +
  'grid_template_areas grid_template_columns grid_template_rows height justify_content justify_items left margin ' +
  'max_height max_width min_height min_width object_fit object_position order overflow padding right top ' +
  'visibility width';

/** CSS of a widget's box by name, in camelCase: `{ width: '20em', gridGap: '4px' }`. */
export type Layout = Readonly<Record<string, string>>;

/**
 * State of a layout model.
 * @throws TypeError for a name that is no property of a layout
 */
export function buildLayout(layout: Layout): WidgetState {
  const state: Record<string, unknown> = {
    ...address(BASE, VERSION, 'LayoutModel', BASE, 'LayoutView'),
    ...Object.fromEntries(LAYOUT_KEYS.split(' ').map((key) => [key, null])),
  };
  for (const [name, value] of Object.entries(layout)) {
    const key = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const sides =
      key === 'border' ? ['top', 'right', 'bottom', 'left'].map((side) => `border_${side}`) : [key];
    for (const side of sides) {
      if (!(side in state)) {
        throw new TypeError(
          `Cannot lay out widget with "${name}": it is no property of a layout; use one of ${LAYOUT_KEYS}`,
        );
      }
      state[side] = value;
    }
  }
  return state;
}

const styleKeys: Readonly<Record<string, readonly string[]>> = {
  Slider: ['handle_color'],
  Checkbox: ['background'],
  Description: [],
  Text: ['background', 'font_size', 'text_color'],
  HTML: ['background', 'font_size', 'text_color'],
  Button: [
    'button_color',
    ...['family', 'size', 'style', 'variant', 'weight'].map((part) => `font_${part}`),
    'text_color',
    'text_decoration',
  ],
};

/** Kinds of styles. */
export type StyleKind = 'Slider' | 'Checkbox' | 'Description' | 'Text' | 'HTML' | 'Button';

/** State of a style model. Names of `-` stand for what the style does not set. */
export function buildStyle(kind: StyleKind): WidgetState {
  return {
    ...address(CONTROLS, VERSION, `${kind}StyleModel`, BASE, 'StyleView'),
    ...(kind === 'Button' ? {} : { description_width: '' }),
    ...Object.fromEntries((styleKeys[kind] ?? []).map((key) => [key, null])),
  };
}

/** A control less its layout and style: `kind` names model and view, `own` is what only this control has. */
export function buildControl(kind: string, own: WidgetState): WidgetState {
  return {
    ...address(CONTROLS, VERSION, `${kind}Model`, CONTROLS, `${kind}View`),
    _dom_classes: [],
    tabbable: null,
    tooltip: null,
    ...own,
  };
}

/** A control with a label beside it. */
export function buildLabelled(kind: string, label: string, own: WidgetState): WidgetState {
  return buildControl(kind, { description: label, description_allow_html: false, ...own });
}

/** An anywidget: its front end takes any version of its module that is installed. */
export function buildAny(esm: string, css: string | undefined, own: WidgetState): WidgetState {
  return {
    ...address('anywidget', '*', 'AnyModel', 'anywidget', 'AnyView'),
    _dom_classes: [],
    tabbable: null,
    tooltip: null,
    ...own,
    _esm: esm,
    ...(css === undefined ? {} : { _css: css }),
    _anywidget_id: 'ruvector.widget',
  };
}

/** How the front end finds a model by its id. */
export const referTo = (id: string): string => `IPY_MODEL_${id}`;
