// The process that reads the history for the page, as the daemon sees it: started when somebody looks, told of every new
// row, ended when nobody asked for a while.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import { messageOf, partOf } from '../../core/index.ts';
import { fromErrorPayload } from '../../sockets/index.ts';
import type { StreamTable } from '../../stream/index.ts';
import type { Host } from '../host/host-types.ts';
import { pageReaderError } from '../errors.ts';
import type { ReaderMessage, ReaderQuestion, ReaderQuestions, ReaderTask } from './reader-messages.ts';

/** Reads the history in a process of its own. */
export interface HistoryReaderProcess extends Disposable {
  /** Starts it ahead of the first question. Never throws. */
  warm(): void;
  /** @throws RuvectorError what the question throws; `ERR_APP_PAGE_READER` when the process ends without an answer */
  ask<Name extends ReaderQuestion>(
    name: Name,
    params: ReaderQuestions[Name]['params'],
  ): Promise<ReaderQuestions[Name]['result']>;
}

type ReaderHost = Pick<Host, 'history' | 'home' | 'streams' | 'config'>;

const childPath = join(import.meta.dirname, `page-reader-child${extname(import.meta.filename)}`);
/** Without a question for so long it is ended. */
const IDLE_MS = 120_000;
/** Then a new one takes over between two questions, which knows what was sealed since. */
const MAX_AGE_MS = 3_600_000;
const tables: readonly StreamTable[] = ['memory', 'process', 'optimization'];

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Creates it; no process runs yet. */
export function createHistoryReader(host: ReaderHost, log: (text: string) => void): HistoryReaderProcess {
  return new Reader(host, log);
}

class Reader implements HistoryReaderProcess {
  readonly #host: ReaderHost;
  readonly #log: (text: string) => void;
  #running: RunningReader | null = null;
  #idle: NodeJS.Timeout | undefined;

  constructor(host: ReaderHost, log: (text: string) => void) {
    this.#host = host;
    this.#log = log;
  }

  warm(): void {
    this.#take();
  }

  ask<Name extends ReaderQuestion>(
    name: Name,
    params: ReaderQuestions[Name]['params'],
  ): Promise<ReaderQuestions[Name]['result']> {
    return this.#take().ask(name, params);
  }

  #take(): RunningReader {
    const running = this.#running;
    if (running?.hasEnded || running?.isTooOld) this.#end();
    this.#running ??= new RunningReader(this.#host, this.#log);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
    return this.#running;
  }

  #end(): void {
    this.#running?.[Symbol.dispose]();
    this.#running = null;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    this.#end();
  }
}

/** One process from its start to its end. */
class RunningReader implements Disposable {
  readonly #child: ChildProcess;
  readonly #following = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  readonly #startedMs = performance.now();
  readonly #isOpen: Promise<void>;
  #lastId = 0;
  hasEnded = false;

  constructor(host: ReaderHost, log: (text: string) => void) {
    this.#child = fork(childPath, [], {
      execArgv: ['--max-semi-space-size=2'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('message', (message: ReaderMessage) => this.#take(message, log));
    this.#child.once('error', (error) => this.#fail(`could not be started: ${messageOf(error)}`));
    this.#child.once('exit', (code, signal) =>
      this.#fail(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
    this.#isOpen = this.#open(host);
    this.#isOpen.catch((error: unknown) => log(`page: the history for the page: ${messageOf(error)}`));
  }

  /** An answer that is on its way keeps it. */
  get isTooOld(): boolean {
    return this.#waiting.size === 0 && performance.now() - this.#startedMs > MAX_AGE_MS;
  }

  async ask<Name extends ReaderQuestion>(
    name: Name,
    params: ReaderQuestions[Name]['params'],
  ): Promise<ReaderQuestions[Name]['result']> {
    await this.#isOpen;
    if (this.hasEnded) throw pageReaderError('has ended');
    const id = ++this.#lastId;
    const answered = new Promise<ReaderQuestions[Name]['result']>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#send({ type: 'ask', id, name, params });
    return answered;
  }

  /** Follows first: what is appended from now on comes as messages, what was before is flushed and read from the disk. */
  async #open({ history, home, streams, config }: ReaderHost): Promise<void> {
    const events = streams.follow(tables, this.#following.signal).batches();
    await history.flush().catch(() => undefined);
    const folder = partOf(home, 'page');
    this.#send({ type: 'open', directory: home.history, folder, intervalMs: 1000 / config.hz });
    void this.#forward(events);
  }

  async #forward(batches: ReturnType<ReturnType<ReaderHost['streams']['follow']>['batches']>): Promise<void> {
    for await (const events of batches) {
      for (const table of tables) {
        const rows = events.flatMap((event) =>
          event.type === 'record' && event.table === table ? [event.row] : [],
        );
        if (rows.length > 0) this.#send({ type: 'rows', kind: table, rows });
      }
    }
  }

  #take(message: ReaderMessage, log: (text: string) => void): void {
    if (message.type === 'problem') {
      log(`page: the summary of the history: ${message.message}`);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.result as never);
    else waiting?.reject(toError(message));
  }

  /** It ends when it is disconnected; a message that it hears no more is no failure of ours. */
  #send(task: ReaderTask): void {
    if (this.#child.connected) this.#child.send(task, () => {});
  }

  #fail(state: string): void {
    this.hasEnded = true;
    this.#following.abort();
    for (const { reject } of this.#waiting.values()) reject(pageReaderError(state));
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
    this.#fail('was ended');
  }
}

function toError({ code, message }: { readonly code: string | null; readonly message: string }): Error {
  return code === null ? new Error(message) : fromErrorPayload({ code, message });
}
