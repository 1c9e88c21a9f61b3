// The live stream of the daemon and what the page keeps of it: the last minutes second by second, the newest status,
// whether anybody answers. A connection that is lost is opened again, and what was missed comes from the history.
import { signal } from '@preact/signals';
import { ApiError, ask, openLive } from './api.ts';
import type {
  Decision,
  Frame,
  Mark,
  Moment,
  ProcessHistory,
  ProcessUse,
  RangeAnswer,
  Sample,
  Status,
} from './api.ts';
import { say } from './announce.ts';
import { writeLabel, writeTime } from './text.ts';

/** What the charts of the last minutes show. */
export const liveFields = [
  'mem_used_kib',
  'cached_kib',
  'swap_used_kib',
  'psi_memory_some_percent',
  'psi_memory_full_percent',
  'refault_file_per_s',
  'refault_anon_per_s',
] as const;
export type LiveField = (typeof liveFields)[number];

/** Kept of the past. */
export const KEPT_MS = 15 * 60_000;
/** The page shows at most one sample in a second, whatever the daemon takes. */
const SECOND_MS = 900;
/** A longer pause between two samples is one that is shown. */
const HOLE_MS = 5000;
const SILENCE_MS = 6000;
/** A host that thrashes may need longer for the first frame: each connection that brings none is given twice the time. */
const MAX_DOUBLINGS = 4;
const LATE_MS = 8000;
const RETRY_MS = [500, 1000, 2000, 5000];

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly sinceMs: number }
  | { readonly state: 'refused'; readonly message: string };

/** One second of the past. */
export interface Point {
  readonly atMs: number;
  /** Missing where nobody looked: a hole in the lines. */
  readonly values: Readonly<Partial<Record<LiveField, number | null>>>;
  readonly top: readonly ProcessUse[] | null;
}

export const status = signal<Status | null>(null);
export const connection = signal<Connection>({ state: 'connecting' });
export const latest = signal<Sample | null>(null);
/** The largest processes, of the newest look at all of them. */
export const top = signal<readonly ProcessUse[]>([]);
export const decision = signal<Decision | null>(null);
/** The points in order of time; a new array with each. */
export const points = signal<readonly Point[]>([]);
/** What happened lately. */
export const marks = signal<readonly Mark[]>([]);

/** How far the host's clock is ahead of this one: a page may be seen through a tunnel. */
let aheadMs = 0;
const MAX_SAME_MS = 3000;

/** What time it is on the host; within some seconds that of the viewer. */
export const hostNow = (): number => Date.now() + aheadMs;

let socket: WebSocket | null = null;
let attempts = 0;
let heardMs = 0;
let isFirst = true;
/** Whether this connection brought anything, and how many before it did not. */
let hasHeard = false;
let unheard = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

/** Connects and stays connected. */
export function startLive(): void {
  connect();
  setInterval(watchSilence, 1000);
  addEventListener('online', connectNow);
  addEventListener('offline', () => socket?.close());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && socket === null) connectNow();
  });
}

/** Tries at once, whatever the time until the next attempt. */
export function connectNow(): void {
  attempts = unheard = 0;
  if (socket !== null && !hasHeard) {
    // It may never open, for it was begun without a network.
    const begun = socket;
    socket = null;
    begun.close();
  }
  if (socket === null) connect();
}

function connect(): void {
  clearTimeout(retry);
  const opened = openLive();
  socket = opened;
  isFirst = true;
  hasHeard = false;
  heardMs = performance.now();
  opened.addEventListener('message', ({ data }) => hear(opened, String(data)));
  opened.addEventListener('close', () => lose(opened));
  void catchUp(opened);
}

/** What was missed, and what is known: asked for while the connection is opened, so that the page is drawn soon. */
async function catchUp(opened: WebSocket): Promise<void> {
  try {
    await Promise.all([ask<Status>('/api/status').then(setStatus), fillGap(), seeProcesses()]);
    if (socket === opened) attempts = 0;
  } catch {
    // The status also comes with the stream; a gap that cannot be filled stays one.
  }
}

function hear(from: WebSocket, text: string): void {
  if (from !== socket) return;
  heardMs = performance.now();
  hasHeard = true;
  unheard = 0;
  const wasAway = connection.value.state === 'lost';
  if (connection.value.state !== 'live') connection.value = { state: 'live' };
  if (wasAway) say('Connected again.');
  const frame = JSON.parse(text) as Frame;
  if (frame.kind === 'status') setStatus(frame);
  else if (frame.kind === 'mark') addMarks([{ ...frame, kind: frame.mark }]);
  else if (frame.kind === 'decision') setDecision(frame);
  else if (frame.kind === 'sample') addSample(frame);
}

function lose(closed: WebSocket): void {
  if (closed !== socket) return;
  socket = null;
  void findOutWhy();
  const wait = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]!;
  attempts += 1;
  clearTimeout(retry);
  retry = setTimeout(connect, wait);
}

/** Whether nobody is there, or somebody who knows this page no longer. */
async function findOutWhy(): Promise<void> {
  if (connection.value.state !== 'lost') {
    if (connection.value.state === 'live') say('The connection to the daemon is lost.');
    connection.value = { state: 'lost', sinceMs: Date.now() };
  }
  try {
    await ask<Status>('/api/status');
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      connection.value = { state: 'refused', message: error.message };
      clearTimeout(retry);
    }
  }
}

/** A network that is gone closes nothing: silence tells. */
function watchSilence(): void {
  if (socket === null) return;
  const periodMs = 1000 / Math.max(status.value?.hz ?? 1, 0.01);
  const patienceMs = Math.max(SILENCE_MS, 4 * periodMs) * 2 ** Math.min(unheard, MAX_DOUBLINGS);
  if (performance.now() - heardMs < patienceMs) return;
  const silent = socket;
  if (!hasHeard) unheard += 1;
  silent.close();
  // Closing waits for the other side, who is gone.
  lose(silent);
}

function setStatus(next: Status): void {
  const last = status.value;
  status.value = next;
  if (next.decision !== null) setDecision(next.decision);
  document.title = `${next.host} · ruvector-memopt`;
  if (last !== null && last.pid !== next.pid)
    say(`The daemon was restarted at ${writeTime(next.startedAtMs)}.`);
}

function addSample(sample: Sample): void {
  if (sample.top !== undefined && sample.top.length > 0) top.value = sample.top;
  const ahead = sample.atMs - Date.now();
  aheadMs = Math.abs(ahead) > MAX_SAME_MS ? ahead : 0;
  latest.value = sample;
  dropFuture(sample.atMs);
  if (isFirst) {
    // Its rates are not known, for the stream has none before it; the history knows them.
    isFirst = false;
    const sinceMs = points.value.at(-1)?.atMs ?? 0;
    void fillGap().catch(() => addPoints([pointOf(sample)]));
    // On a busy host the history learns of the newest samples some seconds later.
    setTimeout(() => void fillGap(sinceMs).catch(() => undefined), LATE_MS);
    return;
  }
  addPoints([pointOf(sample)]);
}

/** Where the host's clock was set back: points of its old time would stand before the new ones until they are reached. */
function dropFuture(nowMs: number): void {
  const last = points.value.at(-1);
  if (last === undefined || last.atMs <= nowMs + MAX_SAME_MS) return;
  points.value = points.value.filter(({ atMs }) => atMs < nowMs);
  say('The clock of the host was set back.');
}

function setDecision(next: Decision): void {
  const before = decision.value;
  decision.value = next;
  if (before !== null && before.label !== next.label) say(`${writeLabel(next.label)}.`);
}

const pointOf = ({ atMs, memory }: Sample): Point => ({
  atMs,
  values: Object.fromEntries(liveFields.map((field) => [field, memory[field] ?? null])),
  top: top.value.length > 0 ? top.value : null,
});

/** All processes are looked at every some seconds only; until the next look the newest one counts. */
async function seeProcesses(): Promise<void> {
  const { processes } = await ask<Moment>('/api/moment', { at: hostNow() });
  if (top.value.length === 0) top.value = processes.slice(0, 10);
}

function addPoints(given: readonly Point[]): void {
  // What was asked of the history before the host's clock was set back may be answered after it.
  const latestMs = hostNow() + MAX_SAME_MS;
  const added = given.filter(({ atMs }) => atMs <= latestMs);
  const kept = points.value;
  const last = kept.at(-1);
  const first = added[0];
  if (first === undefined) return;
  const isNext = added.length === 1 && (last === undefined || first.atMs > last.atMs);
  if (isNext && last !== undefined && first.atMs - last.atMs < SECOND_MS) return;
  const merged = withHoles(isNext ? [...kept, first] : mergePoints(kept, added));
  const oldest = (merged.at(-1)?.atMs ?? 0) - KEPT_MS;
  points.value = merged.filter(({ atMs }) => atMs >= oldest);
}

/** A point without values where nobody looked for a while, so that no line is drawn through. */
function withHoles(merged: readonly Point[]): Point[] {
  const periodMs = 1000 / Math.max(status.value?.hz ?? 1, 0.01);
  const leastMs = Math.max(HOLE_MS, 3.5 * periodMs);
  const seen = merged.filter(({ values, top: held }) => held !== null || Object.keys(values).length > 0);
  return seen.flatMap((point, at) => {
    const before = seen[at - 1];
    const isHole = before !== undefined && point.atMs - before.atMs > leastMs;
    return isHole ? [{ atMs: before.atMs + 1000, values: {}, top: null }, point] : [point];
  });
}

/** Points of both in order of time; of two within a second the one that was there. */
function mergePoints(kept: readonly Point[], added: readonly Point[]): Point[] {
  const seconds = new Map<number, Point>();
  for (const point of added) seconds.set(Math.round(point.atMs / 1000), point);
  for (const point of kept) seconds.set(Math.round(point.atMs / 1000), point);
  return [...seconds.values()].sort((a, b) => a.atMs - b.atMs);
}

export function addMarks(added: readonly Mark[]): void {
  const keyOf = (mark: Mark): string => mark.id ?? `${mark.atMs} ${mark.kind} ${mark.text}`;
  const known = new Map(marks.value.map((mark) => [keyOf(mark), mark]));
  for (const mark of added) known.set(keyOf(mark), mark);
  const oldest = hostNow() - KEPT_MS;
  marks.value = [...known.values()]
    .filter((mark) => (mark.untilMs ?? Infinity) >= oldest)
    .sort((a, b) => a.atMs - b.atMs);
}

/** Says once, for who measures, that the charts have values. */
function markDrawn(): void {
  if (performance.getEntriesByName('page-drawn').length > 0) return;
  requestAnimationFrame(() => setTimeout(() => performance.mark('page-drawn')));
}

/** Takes what was missed since the last point from the history. */
async function fillGap(sinceMs = points.value.at(-1)?.atMs ?? 0): Promise<void> {
  const toMs = hostNow();
  // The newest point is later than now where a clock was set back.
  const fromMs = Math.max(Math.min(sinceMs, toMs - 1000), toMs - KEPT_MS);
  const span = { from: Math.round(fromMs), to: Math.round(toMs) };
  const seconds = Math.ceil((toMs - fromMs) / 1000);
  const [range, processes, happened] = await Promise.all([
    ask<RangeAnswer>('/api/range', { ...span, pixels: seconds, fields: liveFields.join(',') }),
    ask<ProcessHistory>('/api/processes', { ...span, buckets: seconds, top: 10 }).catch(() => null),
    ask<Mark[]>('/api/marks', span).catch(() => []),
  ]);
  addPoints(pointsOf(range, processes));
  markDrawn();
  addMarks(happened);
}

function pointsOf({ times, fields }: RangeAnswer, processes: ProcessHistory | null): Point[] {
  return times.flatMap((atMs, at) => {
    const values = Object.fromEntries(liveFields.map((field) => [field, fields[field]?.mean[at] ?? null]));
    if (Object.values(values).every((value) => value === null)) return [];
    return [{ atMs, values, top: processes && topBefore(processes, atMs) }];
  });
}

/** What was seen of the processes at this time or within half a minute before it. */
function topBefore({ times, processes }: ProcessHistory, atMs: number): ProcessUse[] | null {
  for (let at = times.findLastIndex((time) => time <= atMs); at >= 0 && atMs - times[at]! < 30_000; at -= 1) {
    const seen = processes.flatMap(({ pid, name, rssBytes }) => {
      const bytes = rssBytes[at];
      return bytes === null || bytes === undefined ? [] : [{ pid, name, rssBytes: bytes }];
    });
    if (seen.length > 0) return seen;
  }
  return null;
}
