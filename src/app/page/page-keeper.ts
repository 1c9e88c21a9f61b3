// The page of a daemon, if there is one: from the start with `--page`, or from when a notebook asks for it, then on a free
// port and for looking alone.
import type { Host, HostListener } from '../host/host-types.ts';
import { noPageError } from '../errors.ts';
import type { PageLogin } from '../serve/outlets-status.ts';
import type { PageAddress } from './page-address.ts';
import { createPageService } from './page-service.ts';
import type { PageService } from './page-service.ts';

/** Keeps it. */
export interface PageKeeper extends AsyncDisposable {
  /** Hears of everything for the page there is. */
  readonly listener: HostListener;
  service(): PageService | null;
  /** Serves what was asked for, and lets the host find it. @throws RuvectorError `ERR_PAGE_LISTEN`, `ERR_PAGE_TOKEN` */
  start(host: Host): Promise<void>;
}

const ANYWHERE: PageAddress = { host: '127.0.0.1', port: 0, actions: false };

/** Creates it; nothing listens yet. @param address null serves none before it is asked for */
export function createPageKeeper(address: PageAddress | null, log: (text: string) => void): PageKeeper {
  let service = address && createPageService(address, log);
  let starting: Promise<PageLogin> | null = null;
  const begin = async (host: Host, begun: PageService): Promise<PageLogin> => {
    const { url, actions } = await begun.start(host);
    log(`page at ${url}${actions ? ', which may act' : ''}: open it with \`ruvector-memopt page\``);
    service = begun;
    return begun.login()!;
  };
  const find = async (host: Host, serve: boolean): Promise<PageLogin> => {
    const known = service?.login() ?? null;
    if (known !== null) return known;
    if (!serve) {
      const next =
        'stop the daemon and start it with `ruvector-memopt serve --page`, or call rv.page() in a notebook';
      throw noPageError(host.home.root, `the daemon, pid ${process.pid}, serves none`, next);
    }
    starting ??= begin(host, createPageService(ANYWHERE, log)).finally(() => (starting = null));
    return starting;
  };
  return {
    listener: {
      onDecision: (decision) => service?.listener.onDecision?.(decision),
      onSample: (latest) => service?.listener.onSample?.(latest),
      onModelEvent: (event) => service?.listener.onModelEvent?.(event),
    },
    service: () => service,
    async start(host) {
      host.offerPage((serve) => find(host, serve));
      if (service) await begin(host, service);
    },
    [Symbol.asyncDispose]: async () => service?.[Symbol.asyncDispose](),
  };
}
