// Progress bars that update in place.
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { escapeHtml, formatCount } from './html-text.ts';
import type { Display } from './display.ts';
import { Math, Symbol, performance } from '../primordials.ts';

/** A bar without a loop. `using` ends it with its block, also when that throws. */
export interface LoopBar extends Disposable {
  /** Moves on. @default 1 */
  advance(steps?: number): void;
  /** Moves to. */
  set(done: number): void;
  /** Shows the last state at once, and as stopped when steps are left. */
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
export interface ProgressMaker {
  (total: number, options?: ProgressOptions): LoopBar;
  <T>(items: Iterable<T>, options?: ProgressOptions): Iterable<T>;
  <T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
}

const REDRAW_MS = 100;

/** Creates `progress`: `for (const row of progress(rows))`, or `progress(100).advance()`. */
export function createProgress({ display }: Display): ProgressMaker {
  return ((source: unknown, options: ProgressOptions = {}) => {
    if (typeof source === 'number') return createBar(display, { ...options, total: source });
    const total = options.total ?? sizeOf(source);
    const bar = createBar(display, { ...options, ...(total === undefined ? {} : { total }) });
    return Symbol.asyncIterator in (source as object)
      ? countAsync(source as AsyncIterable<unknown>, bar)
      : count(source as Iterable<unknown>, bar);
  }) as ProgressMaker;
}

function sizeOf(source: unknown): number | undefined {
  const { length, size } = source as { length?: unknown; size?: unknown };
  return typeof length === 'number' ? length : typeof size === 'number' ? size : undefined;
}

function* count<T>(items: Iterable<T>, bar: LoopBar): Iterable<T> {
  using drawn = bar;
  for (const item of items) {
    yield item;
    drawn.advance();
  }
}

async function* countAsync<T>(items: AsyncIterable<T>, bar: LoopBar): AsyncIterable<T> {
  using drawn = bar;
  for await (const item of items) {
    yield item;
    drawn.advance();
  }
}

function createBar(display: Display['display'], { label = '', total }: ProgressOptions): LoopBar {
  const startedMs = performance.now();
  let done = 0;
  let drawnMs = startedMs;
  let endedMs: number | null = null;
  // Updates must not wait for a promise: a synchronous loop would show none of them.
  const display_id = randomUUID();
  const draw = (update: boolean): void => {
    drawnMs = performance.now();
    const ms = (endedMs ?? drawnMs) - startedMs;
    const isStopped = endedMs !== null && total !== undefined && done < total;
    void display(render({ label, done, total, ms, isStopped }), { raw: true, update, display_id });
  };
  draw(false);
  // Later steps belong to the cell that made the bar, wherever they are taken.
  const redraw = AsyncResource.bind(() => draw(true));
  const set = (next: number): void => {
    done = next;
    endedMs = null;
    if (performance.now() - drawnMs >= REDRAW_MS) redraw();
  };
  const finish = (): void => {
    endedMs ??= performance.now();
    redraw();
  };
  return { advance: (steps = 1) => set(done + steps), set, finish, [Symbol.dispose]: finish };
}

interface BarState {
  readonly label: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly ms: number;
  readonly isStopped: boolean;
}

function render({ label, done, total, ms, isStopped }: BarState): Record<string, string> {
  const share = total === undefined ? '' : ` of ${formatCount(total)} (${percentOf(done, total)} %)`;
  const stopped = isStopped ? ', stopped' : '';
  const text = `${label ? `${label}: ` : ''}${formatCount(done)}${share}, ${(ms / 1000).toFixed(1)} s${stopped}`;
  const state = total === undefined ? '' : ` value="${done}" max="${Math.max(total, 1)}"`;
  const dim = isStopped ? ';opacity:.6' : '';
  return {
    'text/html': `<div><progress${state} style="width:240px;vertical-align:middle${dim}"></progress> <span>${escapeHtml(text)}</span></div>`,
    'text/plain': text,
  };
}

const percentOf = (done: number, total: number): number =>
  total === 0 ? 100 : Math.floor((done / total) * 100);
