// Entry of the protocol thread: binds the sockets, watches the parent process, interrupts the user's thread.
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { DebugAdapter } from '../debugger/debug-adapter.ts';
import type { LiveInspector } from '../language/live-inspector.ts';
import { parseConnectionFile, portsOf } from '../protocol/connection-file.ts';
import { createCellTypes } from '../server/cell-types.ts';
import { KernelServer } from '../server/kernel-server.ts';
import { endDescendants } from './descendants.ts';
import { captureNativeOutput } from './native-output.ts';
import type { NativeOutput } from './native-output.ts';
import { watchOwner } from './parent-process.ts';
import { bindSockets } from './sockets.ts';
import { createStopper } from './stopper.ts';
import type { Stopper } from './stopper.ts';
import { shared } from '../protocol/thread-messages.ts';
import type { ToProtocolThread, ToUserThread } from '../protocol/thread-messages.ts';

/** What the user's thread hands over. */
export interface KernelWorkerData {
  readonly connectionFile: string;
  readonly version: string;
  readonly sharedMemory: SharedArrayBuffer;
  readonly inputMemory: SharedArrayBuffer;
  /** Where the user's thread listens. */
  readonly userThread: MessagePort;
}

const PARENT_CHECK_MS = 1000;
const EXIT_MS = 3000;
const STOPPED_MS = 300;
const INSPECTOR_AFTER_MS = 300;

const data = workerData as KernelWorkerData;
const port = data.userThread;
const words = new Int32Array(data.sharedMemory);
const cellTypes = createCellTypes({
  open: async () => (await openInspector()).types,
  warn: (parent, text) => server.warn(parent, text),
});
let inspector: Promise<LiveInspector> | null = null;
const openInspector = (): Promise<LiveInspector> =>
  (inspector ??= import('../language/live-inspector.ts').then(async ({ createLiveInspector }) => {
    const opened = await createLiveInspector();
    cellTypes.connect(opened.types);
    return opened;
  }));

let stopper: Stopper | null = null;

let debugAdapter: Promise<DebugAdapter> | null = null;
const openDebugger = (): Promise<DebugAdapter> =>
  (debugAdapter ??= import('../debugger/debug-adapter.ts').then(
    ({ DebugAdapter: Adapter }) =>
      new Adapter({
        publish: (event) => server.onDebugEvent(event),
        interrupt: () => void interrupt(),
      }),
  ));

let native: NativeOutput | null = null;
// In the time in which the user's thread loads; the first cell waits for it.
const captured = capture();

const connection = parseConnectionFile(readFileSync(data.connectionFile, 'utf8'), data.connectionFile);
const server = new KernelServer({
  ports: portsOf(connection),
  version: data.version,
  userThread: port,
  sharedWords: words,
  inputBytes: new Uint8Array(data.inputMemory),
  inspector: openInspector,
  cellTypes,
  ready: captured,
  interrupt: () => void interrupt(),
  debug: async (content) => (await openDebugger()).handle(content),
  onExit: () => void exit(),
});
process.on('unhandledRejection', (error) => process.stderr.write(`${String(error)}\n`));
port.on('message', (message: ToProtocolThread) => {
  // Written before the cell said this.
  if (message.type !== 'publish') native?.flush();
  if (message.type === 'done') void debugAdapter?.then((adapter) => adapter.endInterrupt());
  if (message.type === 'native') {
    Atomics.add(words, shared.NATIVE_READS, 1);
    Atomics.notify(words, shared.NATIVE_READS);
  } else if (message.type === 'exiting') void end();
  else server.onUserThread(message);
});
server.start(
  await bindSockets(connection, {
    onMessage: (channel, message) => server.onMessage(channel, message),
    onSubscribe: (topic) => server.onSubscribe(topic),
  }),
);
parentPort!.postMessage('bound', []);
watchParent();
// Ready before the first interrupt needs it; starting has better things to do.
setTimeout(() => void openInspector(), INSPECTOR_AFTER_MS).unref();

/**
 * Lets go what is paused, wakes a blocked prompt, rejects pending awaits through the user's event loop, and stops what
 * spins there until that loop has seen the interrupt.
 */
async function interrupt(): Promise<void> {
  const count = Atomics.add(words, shared.INTERRUPTS, 1) + 1;
  if (Atomics.compareExchange(words, shared.INPUT, 1, 3) === 1) Atomics.notify(words, shared.INPUT);
  port.postMessage({ type: 'interrupt', count } satisfies ToUserThread, []);
  stopper ??= createStopper(words);
  const adapter = await debugAdapter;
  await adapter?.beginInterrupt();
  await stopper.stop(count);
  // Else when the cell has ended.
  if (Atomics.load(words, shared.BUSY) === 0) await adapter?.endInterrupt();
}

async function capture(): Promise<void> {
  await nextTurn();
  native = await captureNativeOutput(words, (name, text) => server.onNativeOutput(name, text));
}

/** A kernel whose client died must not outlive it. */
function watchParent(): void {
  const hasEnded = watchOwner(process.env);
  if (hasEnded === null) return;
  const timer = setInterval(() => {
    if (!hasEnded()) return;
    clearInterval(timer);
    void exit();
  }, PARENT_CHECK_MS).unref();
}

async function exit(): Promise<void> {
  // The user's thread may be where nothing stops it, in native code.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), EXIT_MS);
  // What spins would not read the message below.
  await Promise.race([interrupt(), delay(STOPPED_MS)]);
  await end();
  port.postMessage({ type: 'exit' } satisfies ToUserThread, []);
}

/** Sends what is queued, ends what cells started, and lets the process go: an open inspector session would hold it. */
async function end(): Promise<void> {
  await Promise.all([server.close(), endDescendants()]);
  (await inspector)?.close();
  (await debugAdapter)?.close();
  stopper?.close();
  Atomics.store(words, shared.RELEASED, 1);
  Atomics.notify(words, shared.RELEASED);
}
