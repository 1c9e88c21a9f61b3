// Learning in a worker thread, so that no query waits for it. On a host with Node only: what this needs of Node is loaded when
// a worker is opened, and a browser that never opens one loads nothing of it.
import type { DagSonaEngine } from '../engine.ts';
import { sonaWorkerLostError } from '../errors.ts';
import type { LearningReport, LearningResult, LearningTask } from '../learn.ts';

/** A worker that learns for one engine. */
export interface SonaWorker extends AsyncDisposable {
  /**
   * Learns from all runs that wait; queries and records go on meanwhile. While it learns, a second call gets the same promise.
   * @throws RuvectorError `ERR_DAG_SONA_WORKER` when the worker is gone; the runs wait again then
   */
  learn(): Promise<LearningReport>;
  /** Ends the thread; what it was learning is put back. */
  close(): Promise<void>;
}

interface LearningWaiter {
  readonly resolve: (result: LearningResult) => void;
  readonly reject: (error: Error) => void;
}

/** Opens a worker for an engine. It keeps no process alive that has nothing else to do. */
export async function openSonaWorker(engine: DagSonaEngine): Promise<SonaWorker> {
  const { Worker } = await import('node:worker_threads');
  // Sources are TypeScript, what is published is JavaScript: the worker's file ends as this one does.
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Worker(new URL(`./sona-worker.${ending}`, import.meta.url), {
    execArgv: [],
    name: 'ruvector-sona',
  });
  let waiter: LearningWaiter | null = null;
  let learning: Promise<LearningReport> | null = null;
  let lost: Error | null = null;
  const lose = (error: Error): void => {
    lost ??= error;
    waiter?.reject(lost);
    waiter = null;
  };
  thread.on('message', (result: LearningResult) => {
    waiter?.resolve(result);
    waiter = null;
  });
  thread.on('error', (error) => lose(sonaWorkerLostError('it failed', error)));
  thread.on('exit', (code) => lose(sonaWorkerLostError(`it ended with code ${code}`)));
  thread.unref();

  const ask = (task: LearningTask): Promise<LearningResult> =>
    new Promise((resolve, reject) => {
      waiter = { resolve, reject };
      // A caller waits for this answer: until then the process stays.
      thread.ref();
      thread.postMessage(task, []);
    });
  const run = async (): Promise<LearningReport> => {
    if (lost) throw lost;
    const started = engine.startLearning();
    try {
      return started.finish(await ask(started.task));
    } catch (error) {
      started.abandon();
      throw error;
    } finally {
      thread.unref();
    }
  };
  const close = async (): Promise<void> => {
    lose(sonaWorkerLostError('it was closed'));
    await thread.terminate();
  };
  return {
    learn: () => (learning ??= run().finally(() => (learning = null))),
    close,
    [Symbol.asyncDispose]: close,
  };
}
