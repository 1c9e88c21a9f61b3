// What ties a serving host to a fleet: its history goes out. Opened when the host is, closed before it.
import { join } from 'node:path';
import type { Publisher } from '../../fleet/index.ts';
import type { ServeOptions } from '../commands/serve-options.ts';
import type { Host } from '../host/host-types.ts';
import { readAccess } from './access-options.ts';
import { readHostName } from './host-name.ts';
import { publishHistory } from './publish-history.ts';

/** Null without `--publish`. @throws RuvectorError `ERR_FLEET_*` when an option cannot be, or the outbox cannot be opened */
export async function openFleetLink(
  host: Host,
  options: ServeOptions,
  log: (text: string) => void,
): Promise<Publisher | null> {
  if (options.publish === undefined) return null;
  const folder = join(host.home.root, 'fleet');
  const name = await readHostName(folder);
  const isAnonymized = options.publishPlain !== true;
  const publisher = await publishHistory({
    access: readAccess(options.publish, options, 'publish'),
    history: host.history,
    appended: host.streams,
    folder: join(folder, 'outbox'),
    host: name,
    isAnonymized,
    batchMs: options.publishSeconds * 1000,
    outboxBytes: options.outboxMib * 2 ** 20,
    onLog: log,
  });
  host.reportOutlets(() => ({ publish: publisher.status }));
  log(`publishing as ${name}, ${isAnonymized ? 'anonymised' : 'with names and exact sizes'}`);
  return publisher;
}
