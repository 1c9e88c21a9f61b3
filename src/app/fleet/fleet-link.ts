// What ties a serving host to a fleet: its history goes out, and models that are offered come in. Made before the host, so
// that it hears of every rollback, and started when the host runs; closed before the host.
import { join } from 'node:path';
import { partOf } from '../../core/index.ts';
import { takeOffers } from '../../fleet/index.ts';
import type { OfferTaker } from '../../fleet/index.ts';
import type { Host, HostListener } from '../host/host-types.ts';
import { readAccess } from './access-options.ts';
import { readHostName } from './host-name.ts';
import { buildOfferedModels } from './offered-models.ts';
import type { AcceptRule } from './offered-models.ts';
import { publishToFleet } from './publish-to-fleet.ts';

/** What `serve` was told of a fleet. */
export interface FleetOptions {
  readonly publish?: string;
  readonly publishPlain?: boolean;
  readonly publishSeconds: number;
  readonly outboxMib: number;
  readonly acceptModels?: AcceptRule;
}

/** The tie of one host. */
export interface FleetLink {
  readonly listener: HostListener;
  /** @throws RuvectorError `ERR_FLEET_*` when an option cannot be, or the outbox cannot be opened */
  start(host: Host): Promise<AsyncDisposable>;
}

/** Nothing is opened yet; without `--publish` nothing ever is. */
export function createFleetLink(options: FleetOptions, log: (text: string) => void): FleetLink {
  let taker: OfferTaker | null = null;
  return {
    listener: {
      onModelEvent(event) {
        if (event.type !== 'rolled-back' || event.from === null) return;
        taker?.noteRollback(event.from, event.error?.message ?? 'somebody went back');
      },
    },
    async start(host) {
      const started = new AsyncDisposableStack();
      if (options.publish === undefined) return started;
      const folder = partOf(host.home, 'fleet');
      const name = await readHostName(folder);
      const access = readAccess(options.publish, options, 'publish');
      started.use(await startPublishing(host, options, { access, folder, name, log }));
      if (options.acceptModels === undefined) return started;
      taker = await takeOffers({
        access,
        host: name,
        stateFile: join(folder, 'offers.json'),
        models: buildOfferedModels(host, options.acceptModels),
        onLog: log,
      });
      started.use(taker);
      return started;
    },
  };
}

interface Tie {
  readonly access: ReturnType<typeof readAccess>;
  readonly folder: string;
  readonly name: string;
  readonly log: (text: string) => void;
}

async function startPublishing(host: Host, options: FleetOptions, { access, folder, name, log }: Tie) {
  const isAnonymized = options.publishPlain !== true;
  const publisher = await publishToFleet({
    access,
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
