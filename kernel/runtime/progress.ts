// Progress bars that update in place.
import { randomUUID } from 'node:crypto';
import { escapeHtml, formatCount } from './html-text.ts';
import type { Display } from './display.ts';

/** A bar without a loop. */
export interface ProgressBar {
  /** Moves on. @default 1 */
  advance(steps?: number): void;
  /** Moves to. */
  set(done: number): void;
  /** Shows the last state at once. */
  finish(): void;
}

/** How a bar is shown. */
export interface ProgressOptions {
  /** Words before it. */
  readonly label?: string;
  /** Steps in all, where the iterable does not know. */
  readonly total?: number;
}

/** Makes bars. */
export interface Progress {
  (total: number, options?: ProgressOptions): ProgressBar;
  <T>(items: Iterable<T>, options?: ProgressOptions): Iterable<T>;
  <T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
}

const REDRAW_MS = 100;

/** Creates `progress`: `for (const row of progress(rows))`, or `progress(100).advance()`. */
export function createProgress({ display }: Display): Progress {
  return ((source: unknown, options: ProgressOptions = {}) => {
    if (typeof source === 'number') return createBar(display, { ...options, total: source });
    const total = options.total ?? sizeOf(source);
    const bar = createBar(display, { ...options, ...(total === undefined ? {} : { total }) });
    return Symbol.asyncIterator in (source as object)
      ? countAsync(source as AsyncIterable<unknown>, bar)
      : count(source as Iterable<unknown>, bar);
  }) as Progress;
}

function sizeOf(source: unknown): number | undefined {
  const { length, size } = source as { length?: unknown; size?: unknown };
  return typeof length === 'number' ? length : typeof size === 'number' ? size : undefined;
}

function* count<T>(items: Iterable<T>, bar: ProgressBar): Iterable<T> {
  try {
    for (const item of items) {
      yield item;
      bar.advance();
    }
  } finally {
    bar.finish();
  }
}

async function* countAsync<T>(items: AsyncIterable<T>, bar: ProgressBar): AsyncIterable<T> {
  try {
    for await (const item of items) {
      yield item;
      bar.advance();
    }
  } finally {
    bar.finish();
  }
}

function createBar(display: Display['display'], { label = '', total }: ProgressOptions): ProgressBar {
  const startedMs = performance.now();
  let done = 0;
  let drawnMs = startedMs;
  const bundle = (): Record<string, string> => render(label, done, total, performance.now() - startedMs);
  // Updates must not wait for a promise: a synchronous loop would show none of them.
  const display_id = randomUUID();
  void display(bundle(), { raw: true, display_id });
  const draw = (): void => {
    drawnMs = performance.now();
    void display(bundle(), { raw: true, update: true, display_id });
  };
  const set = (next: number): void => {
    done = next;
    if (performance.now() - drawnMs >= REDRAW_MS) draw();
  };
  return { advance: (steps = 1) => set(done + steps), set, finish: draw };
}

function render(label: string, done: number, total: number | undefined, ms: number): Record<string, string> {
  const share = total === undefined ? '' : ` of ${formatCount(total)} (${percentOf(done, total)} %)`;
  const text = `${label ? `${label}: ` : ''}${formatCount(done)}${share}, ${(ms / 1000).toFixed(1)} s`;
  const state = total === undefined ? '' : ` value="${done}" max="${Math.max(total, 1)}"`;
  return {
    'text/html': `<div><progress${state} style="width:240px;vertical-align:middle"></progress> <span>${escapeHtml(text)}</span></div>`,
    'text/plain': text,
  };
}

const percentOf = (done: number, total: number): number =>
  total === 0 ? 100 : Math.floor((done / total) * 100);
