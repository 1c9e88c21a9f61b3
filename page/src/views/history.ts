// The part of the history that is looked at: moved and zoomed at once with what is there, then asked for anew.
import { batch, signal } from '@preact/signals';
import { ask } from '../api.ts';
import type { Mark, ProcessHistory, RangeAnswer } from '../api.ts';
import { hostNow, liveFields, status } from '../live.ts';
import { goTo, route } from '../route.ts';

export const historyFields = liveFields;
export type HistoryField = (typeof historyFields)[number];

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was drawn last, and how long asking and drawing took. */
export interface Drawn {
  readonly range: RangeAnswer;
  readonly marks: readonly Mark[];
  readonly processes: ProcessHistory | null;
}

const HOUR = 3_600_000;
const MIN_SPAN_MS = 10_000;
/** While a range still moves, nothing is asked for. */
const SETTLE_MS = 80;

export const span = signal<Span>({ fromMs: Date.now() - HOUR, toMs: Date.now() });
export const drawn = signal<Drawn | null>(null);
export const problem = signal<unknown>(null);
/** Nobody asks twice a daemon that has no such answer. */
let hasProcesses = true;
let timer: ReturnType<typeof setTimeout> | undefined;
let asked: AbortController | null = null;

/** Takes the range from the address; the last hour, going on with the time, when it says none. */
export function followRoute(): void {
  const { from, to, last } = route.value.params;
  const fromMs = Number(from);
  const toMs = Number(to);
  if (from !== undefined && to !== undefined && toMs > fromMs) {
    const isShown = fromMs === span.peek().fromMs && toMs === span.peek().toMs && drawn.peek() !== null;
    if (isShown) return;
    span.value = clamp({ fromMs, toMs });
  } else {
    const now = hostNow();
    const lengthMs = last === 'all' ? Infinity : Number(last ?? HOUR) || HOUR;
    span.value = clamp({ fromMs: now - Math.min(lengthMs, now), toMs: now });
  }
  void load();
}

/** Whether the range ends now, and goes on with the time. */
export const isFollowing = (): boolean => route.value.params['from'] === undefined;

/** Shows another range: what is known of it at once, the rest when it is answered. */
export function setSpan(fromMs: number, toMs: number): void {
  span.value = clamp({ fromMs, toMs });
  clearTimeout(timer);
  timer = setTimeout(() => {
    const { at = null } = route.peek().params;
    goTo('then', { from: span.peek().fromMs, to: span.peek().toMs, at }, true);
    void load();
  }, SETTLE_MS);
}

/** Within what there is, and not so near that nothing is left to see. */
function clamp({ fromMs, toMs }: Span): Span {
  const now = hostNow();
  const first = Math.min(status.peek()?.history?.firstMs ?? 0, now - 60_000);
  const widest = now - first;
  const length = Math.min(Math.max(toMs - fromMs, MIN_SPAN_MS), widest);
  const middle = (fromMs + toMs) / 2;
  const from = Math.max(Math.min(middle - length / 2, now - length), first);
  return { fromMs: Math.round(from), toMs: Math.round(from + length) };
}

/** Asks for what is shown. */
export async function load(): Promise<void> {
  asked?.abort();
  const mine = new AbortController();
  asked = mine;
  const { fromMs, toMs } = span.peek();
  const between = { from: fromMs, to: toMs };
  const pixels = Math.min(4096, Math.max(200, Math.round(document.documentElement.clientWidth / 1.5)));
  try {
    const [range, marks, processes] = await Promise.all([
      ask<RangeAnswer>('/api/range', { ...between, pixels, fields: historyFields.join(',') }, mine.signal),
      ask<Mark[]>('/api/marks', between, mine.signal),
      askProcesses(between, mine.signal),
    ]);
    batch(() => {
      drawn.value = { range, marks, processes };
      problem.value = null;
    });
  } catch (error) {
    if (!mine.signal.aborted) problem.value = error;
  }
}

async function askProcesses(
  between: { from: number; to: number },
  aborted: AbortSignal,
): Promise<ProcessHistory | null> {
  if (!hasProcesses) return null;
  try {
    return await ask<ProcessHistory>('/api/processes', { ...between, buckets: 240, top: 10 }, aborted);
  } catch (error) {
    if (aborted.aborted) throw error;
    hasProcesses = false;
    return null;
  }
}
