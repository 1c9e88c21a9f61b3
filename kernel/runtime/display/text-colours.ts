// Whether text is coloured, as ANSI sequences that notebooks draw: values as in Node's and Deno's consoles. Off where
// `NO_COLOR` is set (https://no-color.org) or `FORCE_COLOR` says so.
import { process } from '../primordials.ts';

/** Whether values are shown in colours now. */
export function usesColours(): boolean {
  const { NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR } = process.env;
  if (NO_COLOR || NODE_DISABLE_COLORS) return false;
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
}

/** Lets `console` and what cells start colour their output although it is no terminal's, as ipykernel does. */
export function offerColours(): void {
  if (usesColours()) process.env['FORCE_COLOR'] ??= '1';
}

/** Variables for a command whose output is read and not shown. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...rest } = process.env;
  return rest;
}
