// What a host's bridge answers, whichever endpoints it has: its requests, its batches and its log.
import type { BridgeServerOptions } from '../../bridge/index.ts';
import { createLiveAnonymizer } from '../../prepare/index.ts';
import { ownVersion } from '../../train/index.ts';
import type { Host } from '../host/host-types.ts';
import { buildBatchFeeds } from './batch-feeds.ts';
import { createBridgeLog } from './bridge-log.ts';
import { buildRequests } from './bridge-requests.ts';

/** The part of a bridge that is the same on all its endpoints. */
export type ServedBridge = Pick<BridgeServerOptions, 'requests' | 'feeds' | 'version' | 'onEvent'>;

/** Builds it for one host, whose `cleanup` closes what it needs. */
export function buildServedBridge(
  host: Host,
  cleanup: AsyncDisposableStack,
  onLog: (text: string) => void,
): ServedBridge {
  return {
    version: ownVersion,
    requests: buildRequests(host),
    feeds: buildBatchFeeds({
      followed: { history: host.history, appended: host.streams },
      datasets: host.datasets,
      // A new key each start: hashes of two runs cannot be joined.
      anonymizer: cleanup.use(createLiveAnonymizer()),
    }),
    onEvent: createBridgeLog(onLog),
  };
}
