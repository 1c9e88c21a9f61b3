// Runs the probe process over a package. The native runtime can abort its process on a hostile model and no
// JavaScript can catch that, so unknown bytes are first loaded where nothing is lost.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { rejected, toRejectedError } from './errors.ts';
import type { ErrorMessage } from './errors.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';

const probePath = new URL(`./probe-worker${extname(import.meta.filename)}`, import.meta.url);

type ProbeReply =
  | { readonly report: LoadReport; readonly error?: never }
  | { readonly error: ErrorMessage; readonly report?: never };

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
  return {
    prewarm: () => {
      if (spare?.connected) return;
      spare = startProcess();
      // One that dies while it waits is simply not taken.
      spare.on('error', () => undefined);
    },
    load: async (request, timeoutMs) => {
      const child = take();
      try {
        const reply = await replyOf(child, request, timeoutMs);
        if (reply.error) throw toRejectedError(reply.error);
        return reply.report;
      } finally {
        child.kill('SIGKILL');
      }
    },
    close: () => {
      spare?.kill('SIGKILL');
      spare = null;
    },
  };
}

function startProcess(): ChildProcess {
  return fork(probePath, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

function replyOf(child: ChildProcess, request: LoadRequest, timeoutMs: number): Promise<ProbeReply> {
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
    child.send(request);
  });
}

function crashed(how: string): Error {
  return rejected(
    'ERR_MODEL_CRASHED',
    `it ended the probe process (${how}); do not use it, export it again`,
    { how },
  );
}

function timedOut(timeoutMs: number): Error {
  return rejected(
    'ERR_MODEL_TIMEOUT',
    `it did not load and answer its golden rows within ${timeoutMs} ms; train a smaller model`,
    { timeoutMs },
  );
}
