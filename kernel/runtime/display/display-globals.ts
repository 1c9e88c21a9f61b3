// What cells find under global names to show values with, and what notebooks written for Deno and tslab
// expect. Called once, after the importer's hooks are in place.
import { captureConsoleTable } from './console-table.ts';
import { createDisplay, html, image, md, svg } from './display.ts';
import { createProgress } from './progress.ts';
import { provideTslab } from './tslab.ts';
import { provideWidgets } from '../widgets/widgets-global.ts';
import type { Comms } from '../comms.ts';
import type { CellTests } from '../deno/cell-tests.ts';
import { buildDenoJupyter } from '../deno/deno-jupyter.ts';
import { provideDenoModules } from '../deno/deno-modules.ts';
import { defineDeno } from '../deno/deno-namespace.ts';
import type { Output } from '../output.ts';

/** The globals of display. */
export function createDisplayGlobals(output: Output, comms: Comms, tests: CellTests): object {
  const display = createDisplay(output);
  captureConsoleTable(display);
  defineDeno(buildDenoJupyter(display, output), tests);
  provideDenoModules();
  provideTslab(display);
  provideWidgets(comms);
  return { ...display, html, md, svg, image, progress: createProgress(display) };
}
