// `Deno.jupyter` for notebooks written for Deno's kernel (https://docs.deno.com/runtime/reference/cli/jupyter/).
import { html, image, md, svg } from '../display/display.ts';
import type { Display, DisplayOptions } from '../display/display.ts';
import { buildMimeBundle, cleanBundle, displaySymbol } from '../display/mime-bundle.ts';
import type { Output } from '../output.ts';
import type { Uint8Array } from '../primordials.ts';

/** What Deno's kernel offers. */
export interface DenoJupyter {
  readonly display: (value: unknown, options?: DisplayOptions) => Promise<void>;
  /** Publishes a message of any type to all front ends. */
  readonly broadcast: (
    msgType: string,
    content: Record<string, unknown>,
    extra?: { readonly metadata?: Record<string, unknown>; readonly buffers?: readonly Uint8Array[] },
  ) => Promise<void>;
  /** Data by mime type of a value. */
  readonly format: (value: unknown) => Promise<Readonly<Record<string, unknown>>>;
  readonly html: typeof html;
  readonly md: typeof md;
  readonly svg: typeof svg;
  readonly image: typeof image;
  readonly $display: typeof displaySymbol;
}

/** Builds the functions. */
export function buildDenoJupyter({ display }: Display, output: Output): DenoJupyter {
  return {
    display: async (value, options) => void (await display(value, options)),
    broadcast: async (msgType, content, extra = {}) => output.publish(msgType, cleanBundle(content), extra),
    format: async (value) => (await buildMimeBundle(value)).data,
    html,
    md,
    svg,
    image,
    $display: displaySymbol,
  };
}
