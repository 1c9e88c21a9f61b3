// The part of the history that is looked at: moved and zoomed at once with what is there, then asked for anew.
import { batch, computed, effect, signal } from '@preact/signals';
import { ApiError, ask } from '../api.ts';
import type { Mark, ProcessHistory, RangeAnswer } from '../api.ts';
import { connection, hostNow, liveFields, status } from '../live.ts';
import { goTo, route } from '../route.ts';
import type { Span, SpanChange } from '../span.ts';

export const historyFields = liveFields;
export type HistoryField = (typeof historyFields)[number];

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
/** A range that ends now is read again this often. */
const FOLLOW_MS = 5000;

export const span = signal<Span>({ fromMs: Date.now() - HOUR, toMs: Date.now() });
export const drawn = signal<Drawn | null>(null);
export const problem = signal<unknown>(null);
/** Nobody asks twice a daemon that has no such answer. */
let hasProcesses = true;
/** Runs while a range moves that the address does not have yet. */
let settling: ReturnType<typeof setTimeout> | undefined;
let asked: AbortController | null = null;

/** What of the address is a range; that of a moment within it changes nothing. */
const addressed = computed(() => {
  const { from, to, last } = route.value.params;
  return `${route.value.view} ${from} ${to} ${last}`;
});
/** Without the status nobody knows how far back there is anything. */
const isKnown = computed(() => status.value !== null);
const isLive = computed(() => connection.value.state === 'live');

/**
 * Shows the range that the address says, at once when it changes, until the returned function is called: were it taken
 * after the next drawing, it would undo what was pressed meanwhile.
 */
export function startHistory(): () => void {
  const stopRoute = effect(() => {
    void addressed.value;
    if (isKnown.value) followRoute();
  });
  // What could not be read while nobody answered.
  const stopLive = effect(() => {
    if (isLive.value && problem.peek() !== null) void load();
  });
  const follow = setInterval(() => {
    if (isKnown.peek() && isFollowing() && settling === undefined && !document.hidden) followRoute();
  }, FOLLOW_MS);
  return () => {
    stopRoute();
    stopLive();
    clearInterval(follow);
    stopSettling();
  };
}

function stopSettling(): void {
  clearTimeout(settling);
  settling = undefined;
}

/** Takes the range from the address; the last hour, going on with the time, when it says none. */
function followRoute(): void {
  const { view, params } = route.peek();
  if (view !== 'then') return;
  stopSettling();
  const { from, to, last } = params;
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
export function changeSpan(change: SpanChange): void {
  span.value = clamp(change(span.peek()));
  stopSettling();
  settling = setTimeout(() => {
    settling = undefined;
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
async function load(): Promise<void> {
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
    if (mine.signal.aborted) return;
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
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    hasProcesses = false;
    return null;
  }
}
