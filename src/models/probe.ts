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

/**
 * Loads a package in a process of its own and replays its golden rows there.
 * @throws ModelRejectedError what the load throws, `ERR_MODEL_CRASHED` when the process dies,
 *   `ERR_MODEL_TIMEOUT` when it takes longer than `timeoutMs`
 */
export async function probeModel(request: LoadRequest, timeoutMs: number): Promise<LoadReport> {
  const child = fork(probePath, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  try {
    const reply = await replyOf(child, request, timeoutMs);
    if (reply.error) throw toRejectedError(reply.error);
    return reply.report;
  } finally {
    child.kill('SIGKILL');
  }
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
