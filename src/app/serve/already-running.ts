// What a second `serve` on one home is told. That another process has the home is the lock's word alone
// (store/lock.ts); bridge.json may be stale and only tells whether that process answers.
import type { Home } from '../../core/index.ts';
import { isRuvectorError, readCommandLine } from '../../core/index.ts';
import { connectBridge, readBridgeFile } from '../../bridge/index.ts';
import { alreadyRunningError } from '../errors.ts';

const ANSWER_MS = 1000;

/** The error of a host that could not be opened, in the words of who wanted to serve. */
export async function explainLock(home: Home, error: unknown): Promise<unknown> {
  if (!isRuvectorError(error, 'ERR_STORE_LOCKED')) return error;
  const { pid } = error.details;
  if (typeof pid !== 'number') {
    // Its pid is hidden: another container, or another system without /proc.
    return alreadyRunningError(home.root, 'in a process that cannot be seen from here', 'stop that', error);
  }
  const words = readCommandLine(pid);
  const what = words.includes('serve') || words.length === 0 ? '' : ` (${describeCommand(words)})`;
  const state = what === '' ? `, ${await describeAnswer(home, pid)}` : '';
  const next = `stop it with \`kill ${pid}\` (it drains first)`;
  return alreadyRunningError(home.root, `pid ${pid}${what}${state}`, next, error);
}

/** `node …/ruvector-memopt.mjs --home /x collect` → `ruvector-memopt.mjs --home /x collect`. */
function describeCommand(words: readonly string[]): string {
  const script = words.findIndex((word) => /\.[mc]?[jt]s$/.test(word));
  const [first = '', ...rest] = words.slice(Math.max(0, script));
  return [first.split('/').at(-1), ...rest].join(' ').slice(0, 120);
}

async function describeAnswer(home: Home, pid: number): Promise<string> {
  try {
    const file = await readBridgeFile(home.bridgeFile);
    if (file.pid !== pid) return 'still starting';
    const { endpoints, token } = file;
    await using client = await connectBridge({
      controlEndpoint: endpoints.control,
      dataEndpoint: endpoints.data,
      token,
      timeoutMs: ANSWER_MS,
    });
    return client ? 'which answers' : '';
  } catch (error) {
    const isStarting = isRuvectorError(error, 'ERR_WIRE_NO_DAEMON');
    return isStarting ? 'still starting' : 'which does not answer now';
  }
}
