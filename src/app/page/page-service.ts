// The live page of a host: what it listens to, what it gives the page, where it is served.
import { createLiveFeed, openPage } from '../../page/index.ts';
import type { OpenPage } from '../../page/index.ts';
import type { DaemonEvent } from '../events/daemon-event.ts';
import type { Host, HostListener } from '../host/host-types.ts';
import type { PageStatus } from '../serve/outlets-status.ts';
import type { PageAddress } from './page-address.ts';
import { createPageMemory } from './page-memory.ts';
import { buildPageSource } from './host-source.ts';

/** The page of one host. */
export interface PageService extends AsyncDisposable {
  readonly listener: HostListener;
  /** Keeps an event to be shown. */
  noteEvent(event: DaemonEvent): void;
  /** Begins to serve. @throws RuvectorError `ERR_PAGE_LISTEN`, `ERR_PAGE_TOKEN` */
  start(host: Host): Promise<PageStatus>;
  /** Null before the start. */
  status(): PageStatus | null;
}

/** Creates it; nothing listens yet. */
export function createPageService(address: PageAddress, log: (text: string) => void): PageService {
  let host: Host | null = null;
  let page: OpenPage | null = null;
  const feed = createLiveFeed({
    decided: () => {
      const { label = null, probabilities = null } = memory.lastDecision ?? {};
      return { label, probabilities };
    },
    follow: (signal) => host!.streams.follow(['memory', 'process'], signal),
    onProblem: log,
  });
  const memory = createPageMemory((frame) => feed.publish(frame));
  const status = (): PageStatus | null =>
    page && { url: page.url, actions: address.actions, ...page.stats() };
  return {
    listener: memory.listener,
    noteEvent: (event) => memory.noteEvent(event),
    async start(started) {
      host = started;
      const source = buildPageSource(started, { memory, actions: address.actions, log });
      page = await openPage({ ...address, home: started.home, source, feed, log });
      return status()!;
    },
    status,
    [Symbol.asyncDispose]: async () => page?.[Symbol.asyncDispose](),
  };
}
