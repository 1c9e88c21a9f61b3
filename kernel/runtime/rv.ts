// `rv`: the product under a global name. Nothing of it is loaded before a cell says `rv`, so that the kernel
// starts as fast without it; the same instance as `import … from "ruvector-memopt"` gives.
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createDisplay } from './display/display.ts';
import type { Display } from './display/display.ts';
import { escapeHtml } from './display/html-text.ts';
import { requireProduct } from './importer.ts';
import type { Output } from './output.ts';
import { Math, Object, Symbol, performance } from './primordials.ts';

/** The product's port for progress: src/client/progress.ts. */
const PROGRESS = Symbol.for('ruvector.kernel.progress');
const REDRAW_MS = 100;

/** Defines `rv` and draws the product's progress. Call after the importer has installed its hooks. */
export function provideRv(output: Output): void {
  const { display } = createDisplay(output);
  Object.defineProperty(globalThis, PROGRESS, {
    value: (title: string, total: number) => startBar(display, title, total),
  });
  const define = (value: unknown): void => {
    Object.defineProperty(globalThis, 'rv', { value, writable: true, configurable: true, enumerable: true });
  };
  Object.defineProperty(globalThis, 'rv', {
    configurable: true,
    enumerable: true,
    get: () => {
      const { rv } = requireProduct() as { rv: unknown };
      define(rv);
      return rv;
    },
    // A cell may declare a name of its own.
    set: define,
  });
}

interface ProductBar {
  update(done: number, note?: string): void;
  finish(note?: string): void;
}

function startBar(display: Display['display'], title: string, total: number): ProductBar {
  const display_id = randomUUID();
  let [done, note, drawnMs] = [0, '', performance.now()];
  const show = (update: boolean): void => {
    drawnMs = performance.now();
    void display(renderBar(title, done, total, note), { raw: true, update, display_id });
  };
  show(false);
  // Steps arrive on the product's connection, which an earlier cell may have opened: this cell owns the bar.
  return {
    update: AsyncResource.bind((next: number, words = '') => {
      [done, note] = [next, words];
      if (performance.now() - drawnMs >= REDRAW_MS) show(true);
    }),
    finish: AsyncResource.bind((words?: string) => {
      note = words ?? note;
      show(true);
    }),
  };
}

function renderBar(title: string, done: number, total: number, note: string): Record<string, string> {
  const text = `${title}: ${Math.floor((done / total) * 100)} %${note ? `, ${note}` : ''}`;
  return {
    'text/html': `<div><progress value="${done.toFixed(2)}" max="${total}" style="width:240px;vertical-align:middle"></progress> <span>${escapeHtml(text)}</span></div>`,
    'text/plain': text,
  };
}
