// Numbered batches through shared memory while one side after the other is killed: the reader goes on where it stopped,
// and checks that each batch is exactly the next one.
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineProcess } from '../line-process.ts';
import { python } from '../python.ts';

const GONE_WITHIN_MS = 30_000;

export interface NumberedRun {
  readonly batches: number;
  readonly kills: number;
  /** Between two kills, at most. */
  readonly maxPauseMs: number;
  readonly random: () => number;
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

/** What a numbered server says of itself. */
export interface ServerLook {
  readonly rssMib: number;
  readonly longestMs: number;
  readonly openStreams: number;
  readonly sharedMemory: { readonly ringBytes: number; readonly slotsFilled: number };
}

/** Both sides, in a home and a folder of memory of their own. */
export class NumberedPair implements AsyncDisposable {
  readonly #home: string;
  readonly folder: string;
  readonly #batches: number;
  daemon!: LineProcess;
  reader!: LineProcess;

  private constructor(home: string, folder: string, batches: number) {
    this.#home = home;
    this.folder = folder;
    this.#batches = batches;
  }

  static async start(batches: number): Promise<NumberedPair> {
    const home = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
    const pair = new NumberedPair(home, await mkdtemp('/dev/shm/ruvector-test-'), batches);
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
    this.reader = new LineProcess(python, [script, this.#home, this.#progressFile, String(this.#batches)]);
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
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Kills one side or the other at random moments, then waits for the rest. */
export async function readThroughKills(run: NumberedRun): Promise<NumberedResult> {
  await using pair = await NumberedPair.start(run.batches);
  const kills = { reader: 0, daemon: 0 };
  for (let i = 0; i < run.kills; i++) {
    await waitForProgress(pair);
    await sleep(run.maxPauseMs * run.random());
    if (run.random() < 0.5) {
      if (pair.reader.process.exitCode !== null) break;
      kills.reader++;
      await pair.reader.kill('SIGKILL');
      pair.startReader();
    } else {
      kills.daemon++;
      await pair.daemon.kill('SIGKILL');
      await pair.startDaemon();
    }
  }
  const outOfStep = await readToEnd(pair.reader);
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

/** A kill before anything moves would test the start of a process. */
async function waitForProgress(pair: NumberedPair): Promise<void> {
  const before = await pair.progress();
  while ((await pair.progress()) === before && pair.reader.process.exitCode === null) await sleep(20);
}

interface ReaderLine {
  readonly done?: number;
  readonly error?: string;
}

/** Resolves with null at the regular end, else with what was out of step. */
async function readToEnd(reader: LineProcess): Promise<string | null> {
  for (;;) {
    const line = await reader.next<ReaderLine>();
    if (line.error !== undefined) return JSON.stringify(line);
    if (line.done !== undefined) return null;
  }
}
