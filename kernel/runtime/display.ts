// The display functions of cells: display, updates, clearing, and the html, md, svg and image tags.
import { randomUUID } from 'node:crypto';
import { buildMimeBundle, displaySymbol } from './mime-bundle.ts';
import type { Output } from './output.ts';

/** How a value is shown. */
export interface DisplayOptions {
  /** The value is a mime bundle already. */
  readonly raw?: boolean;
  /** Name under which it can be shown anew. */
  readonly display_id?: string;
  /** Replace what was shown under that name. */
  readonly update?: boolean;
}

/** What was shown, to be replaced. */
export interface DisplayHandle {
  readonly display_id: string;
  update(value: unknown): Promise<void>;
}

/** The display functions, bound to an output. */
export function createDisplay(output: Output): {
  display(value: unknown, options?: DisplayOptions): Promise<DisplayHandle>;
  clearOutput(wait?: boolean): void;
} {
  const show = async (value: unknown, options: DisplayOptions, id: string): Promise<void> => {
    const bundle = options.raw
      ? { data: value as Record<string, unknown>, metadata: {} }
      : await buildMimeBundle(value);
    output.publish(options.update ? 'update_display_data' : 'display_data', {
      ...bundle,
      transient: { display_id: id },
    });
  };
  return {
    display: async (value, options = {}) => {
      const id = options.display_id ?? randomUUID();
      await show(value, options, id);
      return { display_id: id, update: (next) => show(next, { update: true }, id) };
    },
    clearOutput: (wait = false) => output.publish('clear_output', { wait }),
  };
}

type Tag = (strings: TemplateStringsArray, ...values: unknown[]) => object;

const createTag =
  (mime: string): Tag =>
  (strings, ...values) => {
    const text = String.raw({ raw: strings }, ...values);
    return { [displaySymbol]: () => ({ [mime]: text }), toString: () => text };
  };

export const html = createTag('text/html');
export const md = createTag('text/markdown');
export const svg = createTag('image/svg+xml');
