// What `status` says of what leaves a host on its own: the page of metrics, the live page and the events.
import type { PublisherStatus } from '../../fleet/index.ts';
import { formatBytes } from '../terminal.ts';
import type { SinkStats } from '../events/event-sink.ts';

/** Plain JSON. */
export interface OutletsStatus {
  /** Null without `--metrics`. */
  readonly metrics: MetricsStatus | null;
  /** Null without `--page`. */
  readonly page: PageStatus | null;
  /** One for each `--on-event`. */
  readonly events: readonly SinkStats[];
  /** Null without `--publish`. */
  readonly publish: PublisherStatus | null;
}

/** The page of metrics. */
export interface MetricsStatus {
  /** `http://127.0.0.1:9464/metrics`, with the port that was really bound. */
  readonly url: string;
  readonly scrapes: number;
  /** Requests that were refused: another path, method or Host. */
  readonly refused: number;
}

/** The live page. */
export interface PageStatus {
  /** `http://127.0.0.1:9465/`, with the port that was really bound; the token is not in it. */
  readonly url: string;
  /** Whether it may act. */
  readonly actions: boolean;
  /** Tabs that follow now. */
  readonly tabs: number;
  readonly answered: number;
  /** Requests that were refused: another Host, Origin or nobody logged in. */
  readonly refused: number;
}

/** How the page is opened. Plain JSON, for who may talk to the daemon. */
export interface PageLogin {
  /** With the token. */
  readonly url: string;
  /** The same for a frame in a notebook of this machine. */
  readonly embedUrl: string;
  readonly actions: boolean;
}

/** A host that serves no pages and sends no events. */
export const noOutlets: OutletsStatus = { metrics: null, page: null, events: [], publish: null };

/** Rows for people. */
export function describeOutlets({ metrics, page, events, publish }: OutletsStatus): [string, string][] {
  return [
    ...(metrics === null
      ? []
      : [['metrics', `${metrics.url}, ${metrics.scrapes} scrapes`] satisfies [string, string]]),
    ...(page === null ? [] : [['page', `${page.url}, ${page.tabs} tabs open`] satisfies [string, string]]),
    ...events.map((sink): [string, string] => ['events', describeSink(sink)]),
    ...(publish === null ? [] : [['publish', describePublish(publish)] satisfies [string, string]]),
  ];
}

function describePublish({
  host,
  servers,
  isConnected,
  sentRows,
  waiting,
  ...more
}: PublisherStatus): string {
  const { gatheredRows, outboxBytes, dropped, lastError } = more;
  const lost = dropped.rows > 0 ? `, ${dropped.rows} rows given up` : '';
  const failure = lastError === null ? '' : `; ${lastError.message}`;
  const where = isConnected ? 'connected' : 'away';
  return `as ${host} to ${servers}, ${where}: ${sentRows} rows sent, ${gatheredRows} gathered, ${waiting.rows} wait in ${formatBytes(outboxBytes)}${lost}${failure}`;
}

function describeSink({
  sink,
  target,
  delivered,
  failed,
  suppressed,
  dropped,
  lastError,
}: SinkStats): string {
  const held = suppressed > 0 ? `, ${suppressed} held back by the limit on rate` : '';
  const lost = dropped > 0 ? `, ${dropped} dropped from a full queue` : '';
  const failure = failed > 0 ? `, ${failed} failed (last: ${lastError})` : '';
  return `${sink} ${target}: ${delivered} delivered${failure}${held}${lost}`;
}
