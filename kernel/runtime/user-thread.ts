// The user's thread: cells run here, on the main thread, where native add-ons, signals and
// process.chdir work. Talks to the protocol thread by messages only.
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MessagePort, Worker } from 'node:worker_threads';
import { CellRunner } from './cell-runner.ts';
import { createCommonJs } from './common-js.ts';
import { createComms } from './comms.ts';
import { defineDecoratorHelpers } from './decorators.ts';
import { CellTests } from './deno/cell-tests.ts';
import { createDisplayGlobals } from './display/display-globals.ts';
import { offerColours } from './display/text-colours.ts';
import { Evaluator } from './evaluator.ts';
import { guardTimers } from './cell-timers.ts';
import { createImporter } from './importer.ts';
import { createDialogs, createInput } from './input.ts';
import { buildConstant, createLinker } from './module-linker.ts';
import { orderNativeWrites } from './native-writes.ts';
import { Output } from './output.ts';
import { provideRv } from './rv.ts';
import { InterruptError } from './interrupt-error.ts';
import { installStopPoint } from './stop-point.ts';
import { shared } from '../protocol/thread-messages.ts';
import type { ToProtocolThread, ToUserThread } from '../protocol/thread-messages.ts';
import { Atomics, Int32Array, Object, String, Uint8Array, process } from './primordials.ts';

/** Node's own, whatever cells or native-writes.ts make of it. */
const writeNow: (descriptor: number, text: string) => number = writeSync.bind(undefined);

const BROKEN =
  'Cannot run this cell: what built-in objects do was changed so that nothing runs; restart the kernel';

/** Takes the thread over: from now on its output is that of cells. */
export function startUserThread(
  worker: Worker,
  port: MessagePort,
  sharedMemory: SharedArrayBuffer,
  inputMemory: SharedArrayBuffer,
): void {
  const words = new Int32Array(sharedMemory);
  const post = (message: ToProtocolThread): void => port.postMessage(message);
  const output = new Output(post);
  const evaluator = new Evaluator();
  const input = createInput(words, new Uint8Array(inputMemory), output, post);
  const comms = createComms(output, (error) => runner.describe(error), evaluator.runs);
  const tests = new CellTests(output, (error): string => runner.explain(error));
  const runner: CellRunner = new CellRunner(evaluator, output, tests);

  port.on('message', (message: ToUserThread) => void receive(message));
  guardProcess(worker, words, output, runner);
  installStopPoint(words);
  guardTimers(evaluator);

  /** Whatever a cell has made of this realm, its reply is sent. */
  async function answer(message: ToUserThread & { type: 'execute' }): Promise<Record<string, unknown>> {
    try {
      return await output.runIn(message.parent, () => evaluator.runs.start(() => runner.run(message)));
    } catch (error) {
      const evalue = `${BROKEN}: ${String((error as Error | null)?.message)}`;
      return { status: 'error', ename: 'KernelError', evalue, traceback: [evalue] };
    }
  }

  async function receive(message: ToUserThread): Promise<void> {
    switch (message.type) {
      case 'execute': {
        Atomics.add(words, shared.BUSY, 1);
        input.setAllowed(message.parent, message.allowStdin);
        const reply = await answer(message);
        input.setAllowed(message.parent, false);
        Atomics.sub(words, shared.BUSY, 1);
        post({ type: 'done', parent: message.parent, reply, last: output.takeLast() });
        break;
      }
      case 'comm':
        await output
          .runIn(message.parent, () =>
            evaluator.runs.start(() =>
              evaluator.call(() => comms.receive(message.msgType, message.content, message)),
            ),
          )
          .catch((error: unknown) => output.write('stderr', `${runner.explain(error)}\n`));
        output.flush();
        post({ type: 'comm-done', parent: message.parent });
        break;
      case 'interrupt':
        Atomics.store(words, shared.SEEN_INTERRUPTS, message.count);
        evaluator.interruptWaiting();
        break;
      case 'exit':
        process.exit(0);
    }
  }

  defineModuleNames(evaluator);
  offerColours();
  Object.assign(globalThis, {
    ...createDialogs(input),
    comms,
    ...createDisplayGlobals(output, comms, tests),
  });
  provideRv(output);
  defineDecoratorHelpers();
  output.capture();
  orderNativeWrites(words, output, post);
  evaluator.watchGlobals();
}

/** What cells have as modules have it, and what their imports and awaits compile to. */
function defineModuleNames(evaluator: Evaluator): void {
  const { importModule, resolveModule, refresh } = createImporter();
  Object.assign(globalThis, {
    $import: importModule,
    $link: createLinker(importModule, evaluator),
    $constant: buildConstant,
    ...evaluator.awaiting,
    ...createCommonJs(refresh),
  });
  Object.defineProperty(globalThis, '$importMeta', {
    get: () => ({
      url: pathToFileURL(resolve('cell.ts')).href,
      dirname: process.cwd(),
      filename: resolve('cell.ts'),
      main: true,
      resolve: resolveModule,
    }),
  });
}

/** What must not end the kernel, and what must. */
function guardProcess(worker: Worker, words: Int32Array, output: Output, runner: CellRunner): void {
  worker.on('error', (error) => {
    // process.stderr shows in cells, and nobody is left to send them.
    writeNow(Atomics.load(words, shared.REAL_STDERR) || 2, `${String(error.stack ?? error)}\n`);
    process.exit(1);
  });
  // An interrupt is a message of the protocol; a signal meant for it must not end the kernel.
  process.on('SIGINT', () => {});
  // Anything can be thrown; what fails in these handlers would end the kernel.
  const tell = (error: unknown, how: string): void => {
    // Code of a cell that was interrupted; the cell has said so.
    if (!InterruptError.is(error)) output.write('stderr', `${how} ${runner.explain(error)}\n`);
  };
  process.on('unhandledRejection', (error) => tell(error, 'Unhandled rejection:'));
  process.on('uncaughtException', (error: unknown) => tell(error, 'Uncaught'));
}
