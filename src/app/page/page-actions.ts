// What the page may do where it may act: requests of the bridge under other names, so that there is one way for each. Every
// one is logged, with what became of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/index.ts';
import type { RequestHandler } from '../../bridge/index.ts';
import type { PageAction, PageRow } from '../../page/index.ts';
import { buildRequests } from '../requests/bridge-requests.ts';
import type { Host } from '../host/host-types.ts';
import { notActingError } from '../errors.ts';

/** Does one action. @throws RuvectorError what the request throws */
export type Act = (action: PageAction, body: PageRow) => Promise<unknown>;

/** What takes longer than this goes on by itself; the page follows it by the status. */
const WAIT_MS = 1500;
const STARTED = { started: true } as const;

const requestOf = {
  activate: 'models.activate',
  rollback: 'models.rollback',
  train: 'train',
} as const;

/** Builds what acts. @param signal ends what still runs with the daemon */
export function buildActions(host: Host, log: (text: string) => void, signal: AbortSignal): Act {
  const requests = buildRequests(host);
  const ask = async (name: string, body: PageRow): Promise<unknown> => {
    const handler = requests[name] as RequestHandler;
    return (await handler(body, { attachments: [], signal, progress: () => undefined, clientId: 'page' }))
      .result;
  };
  const run = async (action: PageAction, body: PageRow): Promise<unknown> => {
    if (action === 'pause' || action === 'resume') return setActing(host, action === 'resume');
    if (action === 'export') return ask(body['hours'] === undefined ? 'export.range' : 'export.recent', body);
    return ask(requestOf[action], body);
  };
  return async (action, body) => {
    const what = `page: ${action} ${JSON.stringify(body).slice(0, 200)}`;
    log(`${what} was asked for`);
    const done = run(action, body).then(
      (result) => {
        log(`${what}: done`);
        return result;
      },
      (error: unknown) => {
        log(`${what}: failed: ${messageOf(error)}`);
        throw error;
      },
    );
    // Whoever has gone on is told by the log.
    done.catch(() => undefined);
    return Promise.race([done, sleep(WAIT_MS, STARTED, { ref: false })]);
  };
}

/** A daemon that was served without `--act` does not begin to act because a page says so. */
function setActing(host: Host, isActing: boolean): { acting: boolean } {
  if (isActing && !host.config.act) throw notActingError();
  host.setActing(isActing);
  return { acting: host.isActing };
}
