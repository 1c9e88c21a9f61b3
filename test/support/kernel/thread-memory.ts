// Loaded into every thread of a kernel (NODE_OPTIONS=--import): each says what its V8 holds when a cell asks over the
// BroadcastChannel of this name. No thread can ask V8 for what another one has.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, threadId } from 'node:worker_threads';

const channel = new BroadcastChannel('thread-memory');
channel.addEventListener('message', (event) => {
  if ((event as { readonly data?: unknown }).data !== 'tell') return;
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collectGarbage();
  const { used_heap_size: used, total_heap_size: reserved } = getHeapStatistics();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  channel.postMessage({ threadId, used, reserved });
});
channel.unref();
