// Numbered batches through shared memory while one side after the other is killed: the reader goes on where it stopped,
// and checks that each batch is exactly the next one.
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineProcess } from '../line-process.ts';
import { python } from '../python.ts';

const GONE_WITHIN_MS = 30_000;
const MOMENT_MS = 20;

export interface NumberedRun {
  readonly batches: number;
  /** Each at a random batch of its share of them. */
  readonly kills: number;
  /** After which it ends, however far it is. @default a minute and a half */
  readonly limitMs?: number;
  readonly random: () => number;
  /** Told after each kill. */
  readonly onKill?: (kills: number, batches: number) => void;
}

export interface NumberedResult {
  /** Read in order and whole. */
  readonly batches: number;
  /** What the reader saw that was not the next batch; null when there was nothing. */
  readonly outOfStep: string | null;
  readonly kills: { readonly reader: number; readonly daemon: number };
  /** Files in memory that are left when all is over. */
  readonly left: readonly string[];
}

/** What a numbered server says of itself, of the time since it was asked last. */
export interface ServerLook {
  readonly rssMib: number;
  /** That its event loop was held up. */
  readonly longestMs: number;
  /** Of the host's memory, taken by the same event loop 20 times a second, and the longest between two. */
  readonly samples: { readonly count: number; readonly longestMs: number };
  readonly openStreams: number;
  readonly sharedMemory: { readonly ringBytes: number; readonly slotsFilled: number };
}

/** Where both sides meet. */
export interface NumberedPlace {
  /** Of the memory they share. @default one of its own in /dev/shm, removed with the pair */
  readonly folder?: string;
  /** The reader sees another, empty folder in its place. @default false */
  readonly isHidden?: boolean;
}

/** Both sides, in a home and a folder of memory of their own. */
export class NumberedPair implements AsyncDisposable {
  readonly #home: string;
  readonly folder: string;
  readonly #batches: number;
  readonly #place: NumberedPlace;
  daemon!: LineProcess;
  reader!: LineProcess;

  private constructor(home: string, folder: string, batches: number, place: NumberedPlace) {
    this.#home = home;
    this.folder = folder;
    this.#batches = batches;
    this.#place = place;
  }

  static async start(batches: number, place: NumberedPlace = {}): Promise<NumberedPair> {
    const home = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
    const folder = place.folder ?? (await mkdtemp('/dev/shm/ruvector-test-'));
    const pair = new NumberedPair(home, folder, batches, place);
    await pair.startDaemon();
    pair.startReader();
    return pair;
  }

  async startDaemon(): Promise<void> {
    const script = join(import.meta.dirname, 'numbered-server.ts');
    this.daemon = new LineProcess(process.execPath, [script, this.#home, this.folder]);
    await this.daemon.next();
  }

  startReader(): void {
    const script = join(import.meta.dirname, 'resuming-reader.py');
    const command = [python, script, this.#home, this.#progressFile, String(this.#batches)];
    const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', this.folder];
    const [program, ...args] = this.#place.isHidden ? [...hidden, ...command] : command;
    this.reader = new LineProcess(program!, args);
  }

  async look(): Promise<ServerLook> {
    this.daemon.process.stdin.write('\n');
    return this.daemon.next();
  }

  /** Batches that were read. */
  async progress(): Promise<number> {
    const file = await open(this.#progressFile, 'a+');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    await file.close();
    return bytesRead === 8 ? Number(buffer.readBigUInt64LE()) : 0;
  }

  get #progressFile(): string {
    return join(this.#home, 'progress');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader[Symbol.asyncDispose]();
    await this.daemon[Symbol.asyncDispose]();
    await rm(this.#home, { recursive: true, force: true });
    if (this.#place.folder === undefined) await rm(this.folder, { recursive: true, force: true });
  }
}

/** Kills one side or the other at random moments, then waits for the rest. */
export async function readThroughKills(run: NumberedRun): Promise<NumberedResult> {
  await using pair = await NumberedPair.start(run.batches);
  const endMs = performance.now() + (run.limitMs ?? 90_000);
  const kills = { reader: 0, daemon: 0 };
  const share = run.batches / (run.kills + 1);
  for (let i = 0; i < run.kills; i++) {
    await waitForProgress(pair, (i + run.random()) * share, endMs);
    await sleep(MOMENT_MS * run.random());
    if (pair.reader.process.exitCode !== null || performance.now() > endMs) break;
    if (run.random() < 0.5) {
      kills.reader++;
      await pair.reader.kill('SIGKILL');
      pair.startReader();
    } else {
      kills.daemon++;
      await pair.daemon.kill('SIGKILL');
      await pair.startDaemon();
    }
    run.onKill?.(i + 1, await pair.progress());
  }
  const { outOfStep } = await readToEnd(pair.reader, endMs);
  return { batches: await pair.progress(), outOfStep, kills, left: await waitForEmpty(pair.folder) };
}

/** What a reader left that was killed before it had opened its ring goes with its lease. */
async function waitForEmpty(folder: string): Promise<string[]> {
  const endMs = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const left = await readdir(folder);
    if (left.length === 0 || performance.now() > endMs) return left;
    await sleep(50);
  }
}

/** Waits for a batch; a kill before anything moves would test the start of a process. */
async function waitForProgress(pair: NumberedPair, batch: number, endMs: number): Promise<void> {
  const before = await pair.progress();
  const isThere = async (): Promise<boolean> => (await pair.progress()) >= Math.max(batch, before + 1);
  while (!(await isThere()) && pair.reader.process.exitCode === null && performance.now() < endMs) {
    await sleep(MOMENT_MS);
  }
}

/** How reading ended. */
export interface ReadingEnd {
  /** Null at the regular end, else what was out of step, or that the time was over. */
  readonly outOfStep: string | null;
  /** The way that the last batch came. */
  readonly transport?: string;
  readonly reason?: string | null;
}

interface ReaderLine extends Omit<ReadingEnd, 'outOfStep'> {
  readonly done?: number;
  readonly error?: string;
}

/** Waits for the end of a reader, until then at most. */
export async function readToEnd(reader: LineProcess, endMs: number): Promise<ReadingEnd> {
  const over = sleep(Math.max(0, endMs - performance.now()), null, { ref: false });
  for (;;) {
    const line = await Promise.race([reader.next<ReaderLine>(), over]);
    if (line === null) return { outOfStep: 'the time is over' };
    if (line.error !== undefined) return { outOfStep: JSON.stringify(line) };
    if (line.done !== undefined) return { outOfStep: null, ...line };
  }
}
