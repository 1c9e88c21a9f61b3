// One Python process that takes one job. It imports everything first, so a process that was started
// early trains at once. JSON lines on a descriptor of their own; stdout and stderr are logs.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { RuvectorError } from '../core/index.ts';
import {
  trainerFailedError,
  trainerMemoryError,
  trainerUsedError,
  trainingCancelledError,
  trainingStalledError,
  unusablePythonError,
} from './errors.ts';
import { DISTRIBUTION, checkPython, installCommand } from './python-module.ts';
import { TextTail } from './text-tail.ts';
import {
  chooseMemoryLimit,
  countKernelKills,
  describeMemoryLimit,
  hasDiedOfMemory,
} from './trainer-memory.ts';
import type { TrainJob, TrainProgress, TrainResult } from './train-job.ts';
import { TRAINER_FD, buildTrainerEnvironment } from './trainer-environment.ts';
import { encodeJob, parseTrainerMessage } from './trainer-messages.ts';
import type { TrainerFailure, TrainerMessage } from './trainer-messages.ts';

/** Options of {@link startTrainer}. */
export interface TrainerOptions {
  /** What runs the trainer. */
  readonly python: string;
  /** Its arguments, for a trainer that is no Python. @default the trainer of our module */
  readonly script?: readonly string[];
  /** run/bridge.json of the daemon. @default the one of this user's home */
  readonly bridgeFile?: string;
  /** A trainer that says nothing for this long is hung; it says something every second. @default 60 000 */
  readonly leaseMs?: number;
  /** Between SIGTERM and SIGKILL: a fit within a library does not hear the first. @default 500 */
  readonly killGraceMs?: number;
  /** Threads of the numeric libraries. @default 1 */
  readonly threads?: number;
  /** What it may allocate, on POSIX. @default four fifths of what is available when it starts */
  readonly memoryLimitBytes?: number;
}

/** Options of one run. */
export interface TrainRunOptions {
  /** Aborting stops the process; the promise rejects once it is gone. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
}

/** How the process ended. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when it never started. */
  readonly error?: Error;
}

/** `-m ruvector.trainer`, but never with a ruvector.py of the working directory: before 3.11 `-c` looks there first. */
const START = `import runpy, sys
if not getattr(sys.flags, 'safe_path', False): sys.path.pop(0)
runpy.run_module('ruvector.trainer', run_name='__main__', alter_sys=True)`;

const LEASE_MS = 60_000;
const KILL_GRACE_MS = 500;
/** After the process is gone, how long a grandchild may hold its pipes open. */
const PIPE_GRACE_MS = 500;

/** A running trainer. */
export class TrainerProcess {
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<Exit>;
  readonly #options: TrainerOptions;
  readonly #child: ChildProcess;
  readonly #log = new TextTail();
  /** By the kernel for want of memory, when it started. */
  readonly #kernelKills: number;
  #hasEnded = false;
  #hasJob = false;
  #stage: TrainProgress['stage'] = 'start';
  #result: TrainResult | null = null;
  #failure: TrainerFailure | null = null;
  #listener: (message: TrainerMessage) => void = () => {};

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#child = spawn(options.python, options.script ?? ['-c', START], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: {
        ...buildTrainerEnvironment(process.env, options.threads ?? 1),
        ...describeMemoryLimit(options.memoryLimitBytes ?? chooseMemoryLimit()),
      },
      windowsHide: true,
    });
    this.#kernelKills = countKernelKills();
    this.exited = this.#watchExit();
    this.#drain(this.#child.stdout);
    this.#drain(this.#child.stderr);
    this.#readMessages();
    // A write to a process that has died is no news: its exit is.
    this.#child.stdin?.on('error', () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False once the process is gone or has had its job. */
  get isUsable(): boolean {
    return !this.#hasEnded && !this.#hasJob;
  }

  /**
   * Runs the one job.
   * @throws RuvectorError `ERR_TRAINER_FAILED`, `ERR_TRAIN_MEMORY`, `ERR_TRAIN_CANCELLED`, `ERR_TRAIN_STALLED`,
   *   `ERR_TRAIN_NO_PYTHON`
   */
  async run(job: TrainJob, { signal, onProgress }: TrainRunOptions = {}): Promise<TrainResult> {
    if (this.#hasJob) {
      throw trainerUsedError();
    }
    this.#hasJob = true;
    using lease = new Lease(this.#options.leaseMs ?? LEASE_MS, () => this.#child.kill('SIGKILL'));
    const answered = new Promise<void>((resolve) => {
      this.#listener = (message) => {
        lease.renew();
        if (message.type === 'progress') onProgress?.(message);
        if (message.type === 'result' || message.type === 'error') resolve();
      };
    });
    const abort = (): void => void this.#stop();
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    else this.#child.stdin?.write(encodeJob(job, this.#options.bridgeFile));
    try {
      await Promise.race([answered, this.exited]);
      this.#child.stdin?.end();
      if (this.#result) return this.#result;
      const exit = await this.exited;
      throw await this.#explain(job, exit, signal, lease);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#listener = () => {};
    }
  }

  /** Ends the process, kindly first, and waits until it is gone. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#options.killGraceMs ?? KILL_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  #watchExit(): Promise<Exit> {
    return new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.#hasEnded = true;
        resolve(exit);
      };
      this.#child.once('error', (error) => end({ code: null, signal: null, error }));
      this.#child.once('close', (code, signal) => end({ code, signal }));
      this.#child.once('exit', () => {
        this.#hasEnded = true;
        setTimeout(() => this.#destroyPipes(), PIPE_GRACE_MS).unref();
      });
    });
  }

  #destroyPipes(): void {
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  #drain(stream: Readable | null): void {
    stream?.setEncoding('utf8').on('data', (chunk: string) => this.#log.write(chunk));
    stream?.on('error', () => {});
  }

  #readMessages(): void {
    const stream = this.#child.stdio[TRAINER_FD];
    if (!stream || !('read' in stream)) return;
    stream.on('error', () => {});
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      const message = parseTrainerMessage(line);
      if (message) this.#take(message);
    });
  }

  #take(message: TrainerMessage): void {
    if (message.type === 'progress') this.#stage = message.stage;
    if (message.type === 'error') this.#failure = message;
    if (message.type === 'result') {
      const { manifest, deployment, classCounts, timings } = message;
      const { search = null } = message;
      this.#result = { manifest, deployment, classCounts, timings, search };
    }
    this.#listener(message);
  }

  async #explain(
    job: TrainJob,
    exit: Exit,
    signal: AbortSignal | undefined,
    lease: Lease,
  ): Promise<RuvectorError> {
    const what = `Cannot train model "${job.name}" with ${job.estimator}`;
    const log = String(this.#log).trim();
    const details = { stage: this.#stage, log, exitCode: exit.code, exitSignal: exit.signal };
    if (exit.error) {
      const state = `"${this.#options.python}" does not start (${exit.error.message})`;
      const next = `set RUVECTOR_PYTHON to a Python that has ${DISTRIBUTION}`;
      return unusablePythonError(what, `${state}; ${next}`, details, exit.error);
    }
    if (signal?.aborted) {
      return trainingCancelledError(what, details, signal.reason);
    }
    if (lease.hasExpired) {
      const state = `nothing was heard for ${lease.ms} ms in stage "${this.#stage}", so it was killed`;
      return trainingStalledError(what, state, details);
    }
    return this.#explainFailure(what, exit, details);
  }

  async #explainFailure(
    what: string,
    exit: Exit,
    details: Readonly<Record<string, unknown>>,
  ): Promise<RuvectorError> {
    const failure = this.#failure;
    if (failure) {
      if (failure.code === 'ERR_TRAIN_MEMORY')
        return trainerMemoryError(what, this.#stage, details, failure.message);
      const text = failure.code === null ? describeMistake(failure) : failure.message;
      return trainerFailedError(what, text, {
        ...details,
        traceback: failure.traceback,
        trainerCode: failure.code,
      });
    }
    const lastLine = String(details['log']).split('\n').at(-1);
    if (lastLine?.includes('No module named')) {
      const { python } = this.#options;
      const { problem = null } = (await checkPython(python).catch(() => null))?.module ?? {};
      const state =
        problem === null ? `${lastLine.trim()}; run \`${installCommand(python)}\`` : `"${python}" ${problem}`;
      return unusablePythonError(what, state, details);
    }
    if (hasDiedOfMemory(exit.signal, String(details['log']), this.#kernelKills)) {
      return trainerMemoryError(what, this.#stage, details);
    }
    const how = exit.signal ? `killed by ${exit.signal}` : `ended with status ${exit.code} and no result`;
    const next =
      exit.signal === 'SIGKILL'
        ? 'look for the out-of-memory killer in the kernel log'
        : 'look at the log in details';
    return trainerFailedError(what, `it was ${how} in stage "${this.#stage}"; ${next}`, {
      ...details,
      traceback: details['log'],
    });
  }
}

/** What Python says last, and what to do: nobody foresaw it, so the estimator or its data are the first to look at. */
function describeMistake({ kind, message }: TrainerFailure): string {
  const [first = '', ...more] = message.split('\n').filter((line) => line.trim() !== '');
  const text = more.length === 0 ? first : `${first} …`;
  return `${text === '' || text === kind ? kind : `${kind}: ${text}`}; correct the estimator, its parameters or the data`;
}

/** Calls `onExpired` when it was not renewed for `ms`. */
class Lease {
  readonly ms: number;
  hasExpired = false;
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, onExpired: () => void) {
    this.ms = ms;
    this.#timer = setTimeout(() => {
      this.hasExpired = true;
      onExpired();
    }, ms);
  }

  renew(): void {
    if (!this.hasExpired) this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Starts a trainer; it waits for its job. Problems show when the job is run. */
export function startTrainer(options: TrainerOptions): TrainerProcess {
  return new TrainerProcess(options);
}
