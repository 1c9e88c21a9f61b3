// What cells find under global names to show values with.
import { captureConsoleTable } from './console-table.ts';
import { createDisplay, html, image, md, svg } from './display.ts';
import { createProgress } from './progress.ts';
import type { Output } from './output.ts';

/** The globals of display. */
export function createDisplayGlobals(output: Output): object {
  const display = createDisplay(output);
  captureConsoleTable(display);
  return { ...display, html, md, svg, image, progress: createProgress(display) };
}
