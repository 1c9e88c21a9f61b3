// Entry of the kernel process: `main.ts <connection file>`. The protocol thread starts first and alone, so
// that a client is answered while the user's thread still loads.
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { enableCompileCache } from 'node:module';
import { INPUT_BYTES, SHARED_WORDS, shared } from './protocol/thread-messages.ts';
import type { ToProtocolThread } from './protocol/thread-messages.ts';
import { markDescendants } from './transport/descendants.ts';

const PROTOCOL_YOUNG_MB = 12;

enableCompileCache();
// Opened before the protocol thread replaces their descriptors (native-output.ts). Nobody may be there to read them.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
markDescendants(process.env);
const [connectionFile] = process.argv.slice(2);
const sharedMemory = new SharedArrayBuffer(SHARED_WORDS * 4);
const inputMemory = new SharedArrayBuffer(INPUT_BYTES);
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
// What clients send before the user's thread is there waits in the channel.
const { port1: port, port2: userThread } = new MessageChannel();
const worker = new Worker(new URL(`./transport/kernel-worker.${extension}`, import.meta.url), {
  workerData: { connectionFile, version: '0.1.0', sharedMemory, inputMemory, userThread },
  transferList: [userThread],
  // What passes through is short-lived: more room only means that more of it lies about.
  resourceLimits: { maxYoungGenerationSizeMb: PROTOCOL_YOUNG_MB },
});
// Its first message says that the sockets are bound.
await once(worker, 'message');
const { startUserThread } = await import('./runtime/user-thread.ts');
startUserThread(worker, port, sharedMemory, inputMemory);

const RELEASE_MS = 3000;
// `process.exit` in a cell: what it wrote before must still arrive, and what it started must end.
process.on('exit', () => {
  if (worker.threadId < 0) return;
  port.postMessage({ type: 'exiting' } satisfies ToProtocolThread);
  Atomics.wait(new Int32Array(sharedMemory), shared.RELEASED, 0, RELEASE_MS);
});
