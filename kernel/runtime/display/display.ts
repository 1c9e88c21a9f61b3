// The display functions of cells: display, updates, clearing, and the html, md, svg and image makers.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bundleOf, cleanBundle, displaySymbol } from './mime-bundle.ts';
import type { MimeBundle } from './mime-bundle.ts';
import type { Output } from '../output.ts';
import { encodeImage, imageTypeOf } from './show-picture.ts';
import { usesColours } from './text-colours.ts';
import { Object, Promise, String, TypeError, Uint8Array } from '../primordials.ts';

/** How a value is shown. */
export interface DisplayOptions {
  /** The value is a mime bundle already. */
  readonly raw?: boolean;
  /** Name under which it can be shown anew. */
  readonly display_id?: string;
  /** Replace what was shown under that name. */
  readonly update?: boolean;
}

/** What was shown, to be replaced. As the last value of a cell it shows nothing more. */
export interface DisplayHandle {
  readonly display_id: string;
  update(value: unknown): Promise<void>;
}

/** The display functions of one kernel. */
export interface Display {
  /** Shows a value now: a value that needs no waiting is shown before this returns. */
  readonly display: (value: unknown, options?: DisplayOptions) => Promise<DisplayHandle>;
  /** Removes what the cell has shown; with `wait`, when its next output comes. @default false */
  readonly clearOutput: (wait?: boolean) => void;
}

/** The display functions, bound to an output. */
export function createDisplay(output: Output): Display {
  const publish = ({ data, metadata }: MimeBundle, options: DisplayOptions, id: string): void =>
    output.publish(options.update ? 'update_display_data' : 'display_data', {
      data,
      metadata,
      transient: { display_id: id },
    });
  const show = async (value: unknown, options: DisplayOptions, id: string): Promise<void> => {
    const bundle = options.raw
      ? { data: cleanBundle(value as Record<string, unknown>), metadata: {} }
      : bundleOf(value, usesColours());
    publish(bundle instanceof Promise ? await bundle : bundle, options, id);
  };
  return {
    display: async (value, options = {}) => {
      const id = options.display_id ?? randomUUID();
      await show(value, options, id);
      const handle: DisplayHandle = {
        display_id: id,
        update: (next) => show(next, { update: true }, id),
      };
      return Object.defineProperty(handle, displaySymbol, { value: () => ({}) });
    },
    clearOutput: (wait = false) => output.publish('clear_output', { wait }),
  };
}

type Tag = (strings: TemplateStringsArray, ...values: unknown[]) => object;

const createTag =
  (mime: string): Tag =>
  (strings, ...values) => {
    const text = String.raw({ raw: strings }, ...values);
    return { [displaySymbol]: () => ({ [mime]: text, 'text/plain': text }), toString: () => text };
  };

export const html = createTag('text/html');
export const md = createTag('text/markdown');
export const svg = createTag('image/svg+xml');

/**
 * An image from its bytes or its file.
 * @throws TypeError when it is no PNG, JPEG, GIF, WebP or SVG
 */
export function image(pathOrBytes: string | URL | Uint8Array): object {
  const bytes = pathOrBytes instanceof Uint8Array ? pathOrBytes : readFileSync(pathOrBytes);
  const mime = imageTypeOf(bytes);
  if (!mime?.startsWith('image/')) {
    throw new TypeError(
      `Cannot show image: its ${bytes.byteLength} bytes are no PNG, JPEG, GIF, WebP or SVG; give one of these`,
    );
  }
  const encoded = encodeImage(mime, bytes);
  return { [displaySymbol]: () => ({ [mime]: encoded, 'text/plain': `${mime}, ${bytes.byteLength} bytes` }) };
}
