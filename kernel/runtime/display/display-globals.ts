// What cells find under global names to show values with, and what notebooks written for Deno and tslab
// expect. Called once, after the importer's hooks are in place.
import { captureConsoleTable } from './console-table.ts';
import { buildDenoJupyter, defineDeno } from './deno-jupyter.ts';
import { provideDenoModules } from './deno-modules.ts';
import { createDisplay, html, image, md, svg } from './display.ts';
import { createProgress } from './progress.ts';
import { provideTslab } from './tslab.ts';
import { provideWidgets } from '../widgets/widgets-global.ts';
import type { Comms } from '../comms.ts';
import type { Output } from '../output.ts';

/** The globals of display. */
export function createDisplayGlobals(output: Output, comms: Comms): object {
  const display = createDisplay(output);
  captureConsoleTable(display);
  defineDeno(buildDenoJupyter(display, output));
  provideDenoModules();
  provideTslab(display);
  provideWidgets(comms);
  return { ...display, html, md, svg, image, progress: createProgress(display) };
}
