// Text output of user code, under the cell that started it: also from timers and promises.
// Coalesced, in order, never dropped.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers';
import { StreamTexts } from './stream-texts.ts';
import type { Publish, ToProtocolThread } from '../protocol/thread-messages.ts';
import { Object, clearImmediate, performance, process } from './primordials.ts';

type WrittenCallback = (error: null) => unknown;

/** Where output goes. */
export type Post = (message: ToProtocolThread) => void;

const FLUSH_BYTES = 1 << 16;
// Captured: cells may replace process.
const nextTick: (callback: () => void) => void = process.nextTick.bind(process);
/** How long text may wait while synchronous code keeps writing. */
const FLUSH_MS = 20;
/** Writes after a pause that go out at once: nothing flushes a text while the code after it computes. */
const PROMPT_WRITES = 16;

/** Routes stdout and stderr to cells. */
export class Output {
  readonly #post: Post;
  readonly #cells = new AsyncLocalStorage<string>();
  #last: string = '';
  #parent = '';
  #name: 'stdout' | 'stderr' = 'stdout';
  #parts: string[] = [];
  #size = 0;
  #sinceMs = 0;
  /** Writes since a pause of FLUSH_MS. */
  #burst = 0;
  #lastMs = 0;
  #timer: NodeJS.Immediate | null = null;
  #written: WrittenCallback[] = [];
  #held: Publish | null = null;
  readonly #texts = new StreamTexts();

  constructor(post: Post) {
    this.#post = post;
  }

  /** Runs code as part of a cell: what it starts keeps writing under that cell. */
  runIn<T>(parent: string, run: () => T): T {
    this.#last = parent;
    return this.#cells.run(parent, run);
  }

  /** The cell that the running code belongs to; code that lost its context belongs to the newest one. */
  get parent(): string {
    return this.#cells.getStore() ?? this.#last;
  }

  /** A cell has ended: characters it has written only half are told as such. */
  endCell(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const rest = this.#texts.end(name, this.parent);
      if (rest !== '') this.write(name, rest);
    }
    this.flush();
  }

  /** Publishes a message after the text written before it. */
  publish(msgType: string, content: Record<string, unknown>, rest: object = {}): void {
    this.flush();
    this.#send({ type: 'publish', parent: this.parent, msgType, content, ...rest });
  }

  /** As `publish`, but it may go with the end of the cell; whatever is sent before that lets it go first. */
  publishLast(msgType: string, content: Record<string, unknown>): void {
    this.flush();
    this.#release();
    this.#held = { type: 'publish', parent: this.parent, msgType, content };
  }

  /** What the end of a cell takes with it. */
  takeLast(): Publish | null {
    const held = this.#held;
    this.#held = null;
    return held;
  }

  #send(message: Publish): void {
    this.#release();
    this.#post(message);
  }

  #release(): void {
    const held = this.takeLast();
    if (held) this.#post(held);
  }

  write(name: 'stdout' | 'stderr', text: string): void {
    const { parent } = this;
    if (this.#size > 0 && (parent !== this.#parent || name !== this.#name)) this.flush();
    if (this.#size === 0) {
      this.#parent = parent;
      this.#name = name;
      this.#sinceMs = performance.now();
      this.#timer ??= setImmediate(() => this.flush());
    }
    this.#parts.push(text);
    this.#size += text.length;
    const nowMs = performance.now();
    const isDue = this.#size >= FLUSH_BYTES || nowMs - this.#sinceMs > FLUSH_MS;
    if (this.#isPrompt(nowMs) || isDue) this.flush();
  }

  /** Whether this write is one of the first since a pause: those of a burst are sent together. */
  #isPrompt(nowMs: number): boolean {
    if (nowMs - this.#lastMs > FLUSH_MS) this.#burst = 0;
    this.#lastMs = nowMs;
    return ++this.#burst <= PROMPT_WRITES;
  }

  flush(): void {
    if (this.#timer) clearImmediate(this.#timer);
    this.#timer = null;
    if (this.#size === 0) return;
    const text = this.#parts.join('');
    this.#parts = [];
    this.#size = 0;
    this.#send({
      type: 'publish',
      parent: this.#parent,
      msgType: 'stream',
      content: { name: this.#name, text },
    });
  }

  /** As a stream does it: after the code that runs. One tick for all of them, because `console` waits for each. */
  #tellWritten(callback: WrittenCallback): void {
    if (this.#written.push(callback) > 1) return;
    nextTick(() => this.#callWritten());
  }

  #callWritten(): void {
    const callbacks = this.#written;
    this.#written = [];
    let called = 0;
    try {
      while (called < callbacks.length) callbacks[called++]!(null);
    } finally {
      // Those behind one that throws have their turn too.
      for (let i = called; i < callbacks.length; i++) this.#tellWritten(callbacks[i]!);
    }
  }

  /** Takes over process.stdout and process.stderr, and with them console. */
  capture(): void {
    process.on('exit', () => {
      this.flush();
      this.#release();
    });
    for (const name of ['stdout', 'stderr'] as const) {
      const write = (chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
        const text = this.#texts.textOf(name, this.parent, chunk, encoding);
        if (text !== '') this.write(name, text);
        const callback = typeof encoding === 'function' ? encoding : done;
        if (typeof callback === 'function') this.#tellWritten(callback as WrittenCallback);
        return true;
      };
      Object.defineProperty(process[name], 'write', { value: write, writable: true, configurable: true });
    }
  }
}
