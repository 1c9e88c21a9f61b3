// Runs the probe process over a package. The native runtime can abort its process on a hostile model and no
// JavaScript can catch that, so unknown bytes are first loaded where nothing is lost.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { loadTimeoutError, modelCrashedError, rebuiltRejectionError } from './errors.ts';
import type { ErrorMessage } from './errors.ts';
import type { ModelComparison } from './comparison.ts';
import type { ComparisonTask, GateResult, GateTask } from './evaluate.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';

const probePath = new URL(`./probe-worker${extname(import.meta.filename)}`, import.meta.url);

/** What a probe process is asked for. */
export type ProbeTask =
  | { readonly kind: 'load'; readonly request: LoadRequest }
  | ({ readonly kind: 'gate' } & GateTask)
  | ({ readonly kind: 'compare' } & ComparisonTask);

type ProbeReply =
  | { readonly result: unknown; readonly error?: never }
  | { readonly error: ErrorMessage; readonly result?: never };

/** Runs probes, each in a process of its own. */
export interface Probe {
  /** Starts the process of the next probe ahead of time: Node and the runtime take a quarter of a second to load. */
  prewarm(): void;
  /**
   * Loads a package in a fresh process and replays its golden rows there.
   * @throws ModelRejectedError what the load throws, `ERR_MODEL_CRASHED` when the process dies,
   *   `ERR_MODEL_TIMEOUT` when it takes longer than `timeoutMs`
   */
  load(request: LoadRequest, timeoutMs: number): Promise<LoadReport>;
  /** Loads a new package and what is live, and judges both on the held-out rows. @throws as `load` */
  gate(task: GateTask, timeoutMs: number): Promise<GateResult>;
  /** Compares two packages. @throws as `load` */
  compare(task: ComparisonTask, timeoutMs: number): Promise<ModelComparison>;
  /** Ends a process that waits. */
  close(): void;
}

/** Creates a probe; no process is started yet. */
export function createProbe(): Probe {
  let spare: ChildProcess | null = null;
  const take = (): ChildProcess => {
    const waiting = spare;
    spare = null;
    return waiting?.connected ? waiting : startProcess();
  };
  const run = async <T>(task: ProbeTask, timeoutMs: number): Promise<T> => {
    const child = take();
    try {
      const reply = await replyOf(child, task, timeoutMs);
      if (reply.error) throw rebuiltRejectionError(reply.error);
      return reply.result as T;
    } finally {
      child.kill('SIGKILL');
    }
  };
  return {
    prewarm: () => {
      if (spare?.connected) return;
      spare = startProcess();
      // One that dies while it waits is simply not taken.
      spare.on('error', () => undefined);
    },
    load: (request, timeoutMs) => run({ kind: 'load', request }, timeoutMs),
    gate: (task, timeoutMs) => run({ kind: 'gate', ...task }, timeoutMs),
    compare: (task, timeoutMs) => run({ kind: 'compare', ...task }, timeoutMs),
    close: () => {
      spare?.kill('SIGKILL');
      spare = null;
    },
  };
}

function startProcess(): ChildProcess {
  // Held-out rows travel as typed arrays, which JSON has not.
  return fork(probePath, { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

function replyOf(child: ChildProcess, task: ProbeTask, timeoutMs: number): Promise<ProbeReply> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut(timeoutMs)), timeoutMs);
    child.once('message', (reply: ProbeReply) => {
      clearTimeout(timer);
      resolve(reply);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(crashed(signal ?? `exit code ${code}`));
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.send(task);
  });
}

function crashed(how: string): Error {
  return modelCrashedError(`it ended the probe process (${how}); do not use it, export it again`,
    { how },
  );
}

function timedOut(timeoutMs: number): Error {
  return loadTimeoutError(`it did not load and answer its rows within ${timeoutMs} ms; train a smaller model`,
    { timeoutMs },
  );
}
