// News of the bridge as lines of the log, so many a minute and no more: whoever can connect can make some.
import type { BridgeEvent } from '../../bridge/index.ts';

const MINUTE_MS = 60_000;
const LINES_A_MINUTE = 20;

interface Window {
  startMs: number;
  count: number;
}

/**
 * Logs what happens on the bridge. Of each kind of news, what is beyond the limit is counted and told with the
 * first line of a later minute; the figures in `status` count all of it.
 * @param nowMs a monotonic clock. @default performance.now
 */
export function createBridgeLog(
  onLog: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): (event: BridgeEvent) => void {
  const windows = new Map<BridgeEvent['type'], Window>();
  return ({ plane, type, clientId }) => {
    let window = windows.get(type) ?? { startMs: -Infinity, count: 0 };
    if (nowMs() - window.startMs >= MINUTE_MS) {
      const left = window.count - LINES_A_MINUTE;
      if (left > 0) onLog(`bridge: ${type} ${left} times more, which were not logged one by one`);
      window = { startMs: nowMs(), count: 0 };
      windows.set(type, window);
    }
    if (++window.count <= LINES_A_MINUTE)
      onLog(`bridge: ${plane} ${type} ${clientId ?? explain(type)}`.trimEnd());
  };
}

function explain(type: BridgeEvent['type']): string {
  if (type !== 'flooded') return '';
  return 'by more messages or connections than it takes: all of them were ended, and clients connect again';
}
