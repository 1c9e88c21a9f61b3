// What leaves a serving host on its own: the page of metrics, the live page and the events. Opened before the host, so
// that they hear of everything, and started when it runs.
import type { Host, HostListener } from '../host/host-types.ts';
import { joinListeners } from '../host/join-listeners.ts';
import { buildDaemonEvent } from '../events/daemon-event.ts';
import type { EventSink } from '../events/event-sink.ts';
import { createEventSource } from '../events/event-source.ts';
import { createSinkQueue } from '../events/sink-queue.ts';
import type { HistoryHealth } from '../../store/index.ts';
import type { MetricsAddress } from '../metrics/metrics-address.ts';
import type { PageAddress } from '../page/page-address.ts';
import { createPageKeeper } from '../page/page-keeper.ts';
import { createMetricsService } from '../metrics/metrics-service.ts';

/** Options of {@link openOutlets}. */
export interface OutletsOptions {
  /** Null serves no metrics. */
  readonly metrics: MetricsAddress | null;
  readonly sinks: readonly EventSink[];
  /** Null serves no live page. */
  readonly page: PageAddress | null;
  readonly log: (text: string) => void;
  /** One event of a kind in this time. @default 10_000 */
  readonly rateWindowMs?: number | undefined;
}

/** Metrics, page and events of one host. */
export interface Outlets extends AsyncDisposable {
  readonly listener: HostListener;
  /** @throws RuvectorError `ERR_APP_METRICS`, `ERR_PAGE_LISTEN`, `ERR_PAGE_TOKEN` when a page cannot be served */
  start(host: Host): Promise<void>;
}

/** Opens all; nothing listens and nothing is sent yet. */
export async function openOutlets(options: OutletsOptions): Promise<Outlets> {
  const { log, rateWindowMs } = options;
  const metrics = options.metrics && (await createMetricsService(options.metrics, log));
  const pages = createPageKeeper(options.page, log);
  const queues = options.sinks.map((sink) => createSinkQueue(sink, { log, rateWindowMs }));
  let readHealth = (): HistoryHealth | null => null;
  const source = createEventSource(
    (facts) => {
      if (queues.length === 0 && pages.service() === null) return;
      const event = buildDaemonEvent(facts, Date.now());
      for (const queue of queues) queue.emit(event);
      pages.service()?.noteEvent(event);
    },
    { readHealth: () => readHealth() },
  );
  const readSinks = () => queues.map((queue) => queue.stats());
  return {
    listener: joinListeners([metrics?.listener ?? {}, source, pages.listener], log),
    async start(host) {
      readHealth = () => host.history.health();
      host.reportOutlets(() => ({
        metrics: metrics?.status() ?? null,
        page: pages.service()?.status() ?? null,
        events: readSinks(),
      }));
      if (metrics) {
        const { url } = await metrics.start(host, readSinks);
        const reason = options.metrics?.remoteReason;
        log(`metrics at ${url}${reason ? `, for other machines too: ${reason}` : ''}`);
      }
      await pages.start(host);
      for (const { kind, target } of options.sinks) log(`events go to ${kind} ${target}`);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([
        pages[Symbol.asyncDispose](),
        metrics?.[Symbol.asyncDispose](),
        ...queues.map((queue) => queue.close()),
      ]);
    },
  };
}
