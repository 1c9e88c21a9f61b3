// The Python process of a notebook: started on first use, asked over two pipes, its output passed on as it
// comes. What ends it (a crash, os._exit) ends only the cell that runs.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { ForeignError } from '../foreign-error.ts';
import { findNotebookPython, findPackageRoot } from './python-finder.ts';
import type { Description } from './python-values.ts';
import type { ErrorContent } from '../traceback.ts';
import { openTransfer } from './open-transfer.ts';
import type { ValueTransfer } from './value-transfer.ts';
import { JSON, Promise, clearTimeout, process, setTimeout } from '../primordials.ts';

/** A cell of Python. */
export interface PythonRequest {
  readonly id: number;
  readonly code: string;
  readonly silent: boolean;
  readonly inputs: Readonly<Record<string, Description>>;
  readonly outputs: readonly string[];
}

export type Sent = { readonly name: string; readonly from: string; readonly ms: number } & Description;
export interface Arrived {
  readonly name: string;
  readonly type: string;
  readonly ms: number;
}

/** What Python answers; `done` and `error` are last. */
export type PythonAnswer =
  | { readonly type: 'result' | 'display'; readonly data: object; readonly metadata: object }
  | { readonly type: 'input'; readonly prompt: string; readonly password: boolean }
  | { readonly type: 'done'; readonly outputs: readonly Sent[]; readonly received: readonly Arrived[] }
  | { readonly type: 'error'; readonly content: ErrorContent };

/** An error of Python, shown as Python shows it. */
export class PythonError extends ForeignError {
  override readonly name = 'PythonError';
}

type Write = (name: 'stdout' | 'stderr', text: string) => void;

/** A started Python. */
export interface PythonProcess {
  readonly transfer: ValueTransfer;
  readonly isAlive: boolean;
  /** Sends a cell; `onAnswer` hears every answer, the last one included. Rejects when Python ends. */
  run(request: PythonRequest, onAnswer: (answer: PythonAnswer) => void): Promise<PythonAnswer>;
  /** Resolves to why it ended and whether a cell that ran was told of it. */
  readonly ended: Promise<{ readonly error: PythonError; readonly isTold: boolean }>;
  /** Answers a question of `input()`. */
  reply(answer: { readonly text: string } | { readonly error: string }): void;
  interrupt(): void;
  kill(): void;
}

const START = `import sys; sys.path.insert(0, sys.argv.pop(1)); from _python_cell.__main__ import main
sys.path.pop(0); main(sys.argv[1:])`;

/**
 * Starts a Python.
 * @param write hears its output as it comes
 * @throws PythonNotFoundError
 */
export async function startPython(write: Write): Promise<PythonProcess> {
  const { path: python, hasZeromq } = await findNotebookPython();
  const transfer = await openTransfer(process.env['RUVECTOR_KERNEL_TRANSFER'], hasZeromq);
  const mark = randomBytes(12).toString('hex');
  const folder = join(findPackageRoot(), 'python', 'src', 'ruvector');
  const child = spawn(
    python,
    ['-u', '-c', START, folder, '3', '4', mark, transfer.directory, transfer.kind],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl+C in the kernel's terminal is for the kernel.
      detached: process.platform !== 'win32',
      env: { ...process.env, ...transfer.env, PYTHONIOENCODING: 'utf-8:backslashreplace' },
    },
  );
  process.once('exit', transfer.close);
  child.once('close', () => {
    process.off('exit', transfer.close);
    transfer.close();
  });
  return connect(child, transfer, mark, write);
}

function connect(child: ChildProcess, transfer: ValueTransfer, mark: string, write: Write): PythonProcess {
  const requests = child.stdio[3] as Writable;
  // What was written when Python ended is told by its end.
  requests.on('error', () => {});
  const outputs = [
    readMarked(child.stdout!, mark, (text) => write('stdout', text)),
    readMarked(child.stderr!, mark, (text) => write('stderr', text)),
  ];
  let pending: Pending | null = null;
  let reading = Promise.resolve();
  createInterface({ input: child.stdio[4] as Readable }).on('line', (line) => {
    const waits = outputs.map((output) => output.nextMark());
    reading = readAnswer(reading, waits, line);
  });
  async function readAnswer(earlier: Promise<void>, marks: Promise<void>[], line: string): Promise<void> {
    await earlier;
    await Promise.all(marks);
    pending?.onAnswer(JSON.parse(line) as PythonAnswer);
  }
  let ended: PythonError | null = null;
  const { promise: whenEnded, resolve: tellEnded } = Promise.withResolvers<Awaited<PythonProcess['ended']>>();
  const end = (why: string): void => {
    ended ??= buildEnd(why);
    outputs.forEach((output) => output.end());
    void tellEnd(ended);
  };
  async function tellEnd(error: PythonError): Promise<void> {
    await reading;
    pending?.reject(error);
    tellEnded({ error, isTold: pending !== null });
  }
  child.once('error', (error) => end(`could not start: ${error.message}`));
  child.once('close', (code, signal) => end(signal ? `ended by ${signal}` : `ended with exit code ${code}`));
  return {
    transfer,
    get isAlive() {
      return ended === null && child.exitCode === null && child.signalCode === null;
    },
    ended: whenEnded,
    reply: (answer) => void requests.write(`${JSON.stringify({ reply: answer })}\n`),
    run: (request, onAnswer) =>
      new Promise<PythonAnswer>((resolve, reject) => {
        if (ended) return reject(ended);
        pending = {
          reject,
          onAnswer: (answer) => {
            if (answer.type === 'done' || answer.type === 'error') {
              pending = null;
              resolve(answer);
            } else onAnswer(answer);
          },
        };
        requests.write(`${JSON.stringify(request)}\n`);
      }),
    interrupt: () => void child.kill('SIGINT'),
    kill: () => void child.kill('SIGKILL'),
  };
}

interface Pending {
  readonly onAnswer: (answer: PythonAnswer) => void;
  readonly reject: (error: Error) => void;
}

function buildEnd(why: string): PythonError {
  const evalue = `Python ${why}; its variables are gone, those of TypeScript are kept; the next %%python cell starts a new one`;
  return new PythonError('PythonEnded', evalue);
}

/** A stream of text with marks in it, which say that everything before an answer has come. */
interface MarkedOutput {
  /** Resolves at the mark of the next answer. */
  nextMark(): Promise<void>;
  /** No more marks come. */
  end(): void;
}

const COALESCE_MS = 10;

function readMarked(stream: Readable, mark: string, onText: (text: string) => void): MarkedOutput {
  const pattern = `\x1e${mark}\x1e`;
  const decoder = new StringDecoder('utf8');
  const waiting: (() => void)[] = [];
  let [marks, isEnded, rest] = [0, false, ''];
  let [waitingText, timer]: [string, NodeJS.Timeout | undefined] = ['', undefined];
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = waitingText;
    waitingText = '';
    if (text !== '') onText(text);
  };
  // Python writes each word of a print by itself.
  const emit = (text: string): void => {
    waitingText += text;
    timer ??= setTimeout(flush, COALESCE_MS);
  };
  stream.on('data', (chunk: Buffer) => {
    const pieces = (rest + decoder.write(chunk)).split(pattern);
    const last = pieces.pop()!;
    for (const piece of pieces) {
      emit(piece);
      flush();
      const wake = waiting.shift();
      if (wake) wake();
      else marks++;
    }
    // The begin of a mark may end the chunk.
    const at = last.lastIndexOf('\x1e');
    const isPartial = at >= 0 && pattern.startsWith(last.slice(at));
    rest = isPartial ? last.slice(at) : '';
    emit(isPartial ? last.slice(0, at) : last);
  });
  return {
    nextMark: () =>
      new Promise((resolve) => {
        if (marks > 0) marks--;
        else if (!isEnded) {
          waiting.push(resolve);
          return;
        }
        resolve();
      }),
    end: () => {
      isEnded = true;
      emit(rest);
      flush();
      rest = '';
      waiting.splice(0).forEach((wake) => wake());
    },
  };
}
