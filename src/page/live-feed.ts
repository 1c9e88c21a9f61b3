// The newest samples as frames for all open tabs: one subscription of the hub while anybody looks, none when nobody does.
// A frame is text made once, whoever it is for.
import { messageOf } from '../core/index.ts';
import type { AnyRow } from '../core/index.ts';
import type { HubSubscription, StreamEvent } from '../stream/index.ts';
import { valuesOf } from './page-fields.ts';

/** A frame of the live page. */
export type LiveFrame = { readonly kind: 'sample' | 'decision' | 'mark' | 'status' } & Readonly<
  Record<string, unknown>
>;

/** Who gets the frames. */
export interface LiveFeed {
  /** Adds a tab. The function that comes back takes it out; after the last one nothing is read any more. */
  join(send: (text: string) => void): () => void;
  /** Sends a frame to every tab now. */
  publish(frame: LiveFrame): void;
  /** Tabs at the moment. */
  readonly size: number;
  close(): void;
}

/** Options of {@link createLiveFeed}. */
export interface LiveFeedOptions {
  /** Rows of memory and of processes from now on. */
  readonly follow: (signal: AbortSignal) => HubSubscription;
  /** What stands in each sample beside the memory: what was decided last. */
  readonly decided: () => Readonly<Record<string, unknown>>;
  /** Told of a subscription that failed; the next sample begins another one. Must not throw. */
  readonly onProblem: (text: string) => void;
}

/** Processes in a frame. */
const TOP = 10;

/** Creates a feed; nothing is subscribed before the first tab. */
export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const tabs = new Set<(text: string) => void>();
  let reading: AbortController | null = null;
  const publish = (frame: LiveFrame): void => {
    if (tabs.size === 0) return;
    const text = JSON.stringify(frame);
    for (const send of tabs) send(text);
  };
  const read = async (signal: AbortSignal): Promise<void> => {
    const state = createFeedState();
    for await (const events of options.follow(signal).batches()) {
      for (const frame of samplesOf(state, events)) publish({ ...frame, ...options.decided() });
    }
  };
  const start = (): void => {
    const mine = new AbortController();
    reading = mine;
    void read(mine.signal).catch((error: unknown) => {
      options.onProblem(`page: live samples: ${messageOf(error)}`);
      if (reading === mine) reading = null;
    });
  };
  const stop = (): void => {
    reading?.abort();
    reading = null;
  };
  return {
    join(send) {
      tabs.add(send);
      if (reading === null) start();
      return () => {
        tabs.delete(send);
        if (tabs.size === 0) stop();
      };
    },
    publish,
    get size() {
      return tabs.size;
    },
    close() {
      tabs.clear();
      stop();
    },
  };
}

interface FeedState {
  before: AnyRow | null;
  /** Rows of the newest scan of processes. */
  scan: AnyRow[];
  scanMs: number | null;
}

const createFeedState = (): FeedState => ({ before: null, scan: [], scanMs: null });

function* samplesOf(state: FeedState, events: readonly StreamEvent[]): Generator<LiveFrame> {
  for (const event of events) {
    if (event.type !== 'record') continue;
    const { row } = event;
    const atMs = Number(row['timestamp']);
    if (event.table === 'process') {
      if (atMs !== state.scanMs) [state.scan, state.scanMs] = [[], atMs];
      state.scan.push(row);
    } else if (event.table === 'memory') {
      yield {
        kind: 'sample',
        atMs,
        memory: valuesOf(row, state.before),
        top: topOf(state.scan, TOP),
        topAtMs: state.scanMs,
      };
      state.before = row;
    }
  }
}

/** The largest processes of a scan, as the page names their columns. */
export function topOf(rows: readonly AnyRow[], count: number): Record<string, unknown>[] {
  return rows
    .toSorted((a, b) => Number(b['rss_kib']) - Number(a['rss_kib']))
    .slice(0, count)
    .map(toPageProcess);
}

/** A process as the page shows it. */
export function toPageProcess(row: AnyRow): Record<string, unknown> {
  const bytes = (name: string): number | null => (row[name] == null ? null : Number(row[name]) * 1024);
  const number = (name: string): number | null => (row[name] == null ? null : Number(row[name]));
  return {
    pid: number('pid'),
    name: String(row['name']),
    rssBytes: bytes('rss_kib'),
    sharedBytes: bytes('shared_kib'),
    privateBytes: bytes('private_kib'),
    swapBytes: bytes('swap_kib'),
    cpuPercent: number('cpu_percent'),
    threads: number('threads'),
  };
}
