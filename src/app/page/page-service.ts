// The live page of a host: what it listens to, what it gives the page, where it is served.
import { partOf } from '../../core/index.ts';
import { createLiveFeed, openPage } from '../../page/index.ts';
import type { OpenPage } from '../../page/index.ts';
import type { DaemonEvent } from '../events/daemon-event.ts';
import type { Host, HostListener } from '../host/host-types.ts';
import type { PageLogin, PageStatus } from '../serve/outlets-status.ts';
import { createHistoryReader } from './history-reader.ts';
import type { HistoryReaderProcess } from './history-reader.ts';
import { buildHostSource } from './host-source.ts';
import { buildActions } from './page-actions.ts';
import type { PageAddress } from './page-address.ts';
import { openMarkLog } from './mark-log.ts';
import type { MarkLog } from './mark-log.ts';
import { createPageMemory, MAX_MARKS } from './page-memory.ts';
import type { PageMemory } from './page-memory.ts';

/** The page of one host. */
export interface PageService extends AsyncDisposable {
  readonly listener: HostListener;
  /** Keeps an event to be shown. */
  noteEvent(event: DaemonEvent): void;
  /** Begins to serve. @throws RuvectorError `ERR_PAGE_LISTEN`, `ERR_PAGE_TOKEN` */
  start(host: Host): Promise<PageStatus>;
  /** Null before the start. */
  status(): PageStatus | null;
  /** Where to log in; null before the start. */
  login(): PageLogin | null;
}

/** Creates it; nothing listens yet. @param folder of the browser's half. @default the one of the package */
export function createPageService(
  address: PageAddress,
  log: (text: string) => void,
  folder?: string,
): PageService {
  let host: Host | null = null;
  let page: OpenPage | null = null;
  let reader: HistoryReaderProcess | null = null;
  const ended = new AbortController();
  const feed = createLiveFeed({
    follow: (signal) => host!.streams.follow(['memory', 'process'], signal),
    decided: () => {
      const { label = null, probabilities = null } = memory.lastDecision ?? {};
      return { label, probabilities };
    },
    onProblem: log,
  });
  let kept: MarkLog | null = null;
  const memory = createPageMemory({
    publish: (frame) => feed.publish(frame),
    keep: (mark) => kept?.keep(mark),
  });
  let told = '';
  /** What the page shows beside samples changes seldom. */
  const announceChanges = (): void => {
    if (host === null) return;
    const { running, lastModel, lastError } = host.training.state();
    const state = JSON.stringify([host.models.liveVersion, host.isActing, running, lastModel, lastError]);
    if (state !== told && told !== '' && feed.size > 0) void page?.announce();
    told = state;
  };
  const status = (): PageStatus | null =>
    page && { url: page.url, actions: address.actions, ...page.stats() };
  return {
    listener: { ...memory.listener, onSample: announceChanges },
    noteEvent: (event) => memory.noteEvent(event),
    async start(started) {
      host = started;
      kept = await openKeptMarks(started, memory, log);
      const act = address.actions ? buildActions(started, log, ended.signal) : null;
      reader = createHistoryReader(started, log);
      const source = buildHostSource(started, memory, reader, act);
      page = await openPage({ ...address, home: started.home, source, feed, log, ...(folder && { folder }) });
      return status()!;
    },
    status,
    login: () =>
      page && { url: page.loginUrl, embedUrl: `${page.loginUrl}&embed=1`, actions: address.actions },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await page?.[Symbol.asyncDispose]();
      reader?.[Symbol.dispose]();
      await kept?.[Symbol.asyncDispose]();
    },
  };
}

/** Marks of the runs before, and from now on those of this one. */
async function openKeptMarks(
  { home, history }: Pick<Host, 'home' | 'history'>,
  memory: PageMemory,
  log: (text: string) => void,
): Promise<MarkLog> {
  const early = [...memory.marks];
  // What this run sampled before it serves its page is moments.
  const endedMs = history.stats().kinds['memory']?.lastMs ?? Date.now();
  const kept = await openMarkLog(partOf(home, 'page'), {
    most: MAX_MARKS,
    endedMs,
    onProblem: (text) => log(`page: marks of labels and alerts are not kept: ${text}`),
  });
  memory.restore(kept.marks);
  for (const mark of early) kept.keep(mark);
  return kept;
}
