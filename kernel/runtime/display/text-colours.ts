// Whether text is coloured, as ANSI sequences that notebooks draw: values as in Node's and Deno's consoles. Off where
// `NO_COLOR` is set (https://no-color.org) or `FORCE_COLOR` says so.
import { Console } from 'node:console';
import { Object, console, process } from '../primordials.ts';

/** Whether values are shown in colours now. */
export function usesColours(): boolean {
  const { NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR } = process.env;
  if (NO_COLOR || NODE_DISABLE_COLORS) return false;
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
}

/** Lets `console` and what cells start colour their output although it is no terminal's, as ipykernel does. */
export function offerColours(): void {
  if (usesColours()) process.env['FORCE_COLOR'] ??= '1';
  adjustConsole();
}

type ConsoleMethods = Record<string, unknown>;

let ours: { readonly isColoured: boolean; readonly methods: ConsoleMethods } | null = null;

/**
 * Gives the global console methods that know whether to colour. Node's own look it up in the environment, and tell an
 * open inspector, in each call: that is ten times the rest of a `console.log`. What a cell has replaced stays.
 */
export function adjustConsole(): void {
  const isColoured = usesColours();
  if (ours?.isColoured === isColoured) return;
  const { stdout, stderr } = process;
  const methods = new Console({ stdout, stderr, colorMode: isColoured }) as unknown as ConsoleMethods;
  const shown = console as unknown as ConsoleMethods;
  for (const name of Object.keys(methods)) {
    if (ours === null || shown[name] === ours.methods[name]) shown[name] = methods[name];
  }
  ours = { isColoured, methods };
}

/** Variables for a command whose output is read and not shown. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...rest } = process.env;
  return rest;
}
