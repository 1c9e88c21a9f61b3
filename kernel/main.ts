// Entry of the kernel process: `main.ts <connection file>`. User code runs here, on the main thread; the
// protocol runs in a worker, so that the kernel answers while a cell spins.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, setEnvironmentData } from 'node:worker_threads';
import { CellRunner } from './runtime/cell-runner.ts';
import { createDisplay, html, md, svg } from './runtime/display.ts';
import { createEvaluator } from './runtime/evaluator.ts';
import { createImporter } from './runtime/importer.ts';
import { Output } from './runtime/output.ts';
import { INPUT_BYTES, SHARED_WORDS, shared } from './transport/thread-messages.ts';
import type { ToProtocolThread, ToUserThread } from './transport/thread-messages.ts';

const [connectionFile] = process.argv.slice(2);
const sharedMemory = new SharedArrayBuffer(SHARED_WORDS * 4);
const inputMemory = new SharedArrayBuffer(INPUT_BYTES);
setEnvironmentData('ruvector.kernel', true);
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const worker = new Worker(new URL(`./transport/kernel-worker.${extension}`, import.meta.url), {
  workerData: { connectionFile, version: '0.1.0', sharedMemory, inputMemory },
});
const words = new Int32Array(sharedMemory);
const post = (message: ToProtocolThread): void => worker.postMessage(message);
const output = new Output(post);
const evaluator = createEvaluator(words);
const runner = new CellRunner(evaluator, output);

worker.on('message', (message: ToUserThread) => void receive(message));
worker.on('error', (error) => {
  process.stderr.write(`${String(error.stack ?? error)}\n`);
  process.exit(1);
});
// The guard frame turns SIGINT into an exception; outside of it only the protocol's message counts.
process.on('SIGINT', () => {});
process.on('unhandledRejection', (error) =>
  output.write('stderr', `Unhandled rejection: ${String(error)}\n`),
);
process.on('uncaughtException', (error) => output.write('stderr', `${error.stack ?? String(error)}\n`));

async function receive(message: ToUserThread): Promise<void> {
  switch (message.type) {
    case 'execute': {
      Atomics.add(words, shared.BUSY, 1);
      const reply = await output.runIn(message.parent, () => runner.run(message));
      Atomics.sub(words, shared.BUSY, 1);
      post({ type: 'done', parent: message.parent, reply });
      break;
    }
    case 'comm':
      post({ type: 'comm-done', parent: message.parent });
      break;
    case 'interrupt':
      Atomics.store(words, shared.SEEN_INTERRUPTS, Atomics.load(words, shared.INTERRUPTS));
      evaluator.interruptWaiting();
      break;
    case 'exit':
      process.exit(0);
  }
}

Object.assign(globalThis, {
  ...createDisplay(output),
  html,
  md,
  svg,
  $import: createImporter(),
  $until: evaluator.until,
  require: createRequire(pathToFileURL(resolve('cell.cjs'))),
});
Object.defineProperty(globalThis, '$importMeta', {
  get: () => ({
    url: pathToFileURL(resolve('cell.ts')).href,
    dirname: process.cwd(),
    filename: resolve('cell.ts'),
  }),
});
output.capture();
