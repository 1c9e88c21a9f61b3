// The global `widgets`: what makes them is loaded when a cell first uses one, for the kernel starts without it.
import { createRequire } from 'node:module';
import type { Comms } from '../comms.ts';
import type * as WidgetsModule from './widgets.ts';
import { Object } from '../primordials.ts';

/** Defines `widgets`; a cell may declare a name of its own. */
export function provideWidgets(comms: Comms): void {
  const define = (value: unknown): void => {
    Object.defineProperty(globalThis, 'widgets', { value, writable: true, configurable: true });
  };
  Object.defineProperty(globalThis, 'widgets', {
    configurable: true,
    get: () => {
      const file = import.meta.url.endsWith('.ts') ? './widgets.ts' : './widgets.js';
      const { createWidgets } = createRequire(import.meta.url)(file) as typeof WidgetsModule;
      const widgets = createWidgets(comms);
      define(widgets);
      return widgets;
    },
    set: define,
  });
}
