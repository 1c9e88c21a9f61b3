// Where the user's thread stands: told to the client only where the user's code stands, and passed over elsewhere. V8
// knows Node's own scripts as nobody's, so that steps enter them and have to be led out again.
import type { Debugger, Runtime } from 'node:inspector';
import type { JsonObject } from '../protocol/message.ts';
import { KERNEL_SCRIPT, kernelRoot } from '../runtime/code-owner.ts';
import type { CodeOwner } from '../runtime/code-owner.ts';
import type { Breakpoints } from './breakpoints.ts';
import { DebugError } from './dap-messages.ts';
import { buildFrames } from './frames.ts';
import type { Frame } from './frames.ts';
import type { InspectorClient } from './inspector-client.ts';
import type { Scripts } from './scripts.ts';
import { textOfValue } from './value-text.ts';
import type { Variables } from './variables.ts';

type Paused = Debugger.PausedEventDataType;
export type Step = 'stepInto' | 'stepOver' | 'stepOut';

/** Steps through Node's code on the way to what it calls of the user's. */
const MOST_PASSED = 150;
/** Callers behind awaits that V8 keeps. */
const ASYNC_DEPTH = 16;

/** What a paused thread shows. */
export interface Pause {
  readonly frames: readonly Frame[];
  /** What was thrown, where that is why it stands. */
  readonly thrown: Runtime.RemoteObject | null;
}

/** Parts of a debugger that is attached. */
export interface PausesOptions {
  readonly client: InspectorClient;
  readonly scripts: Scripts;
  readonly breakpoints: Breakpoints;
  readonly variables: Variables;
  readonly publish: (event: string, body: JsonObject) => void;
}

/** Follows the user's thread. */
export class Pauses {
  readonly #options: PausesOptions;
  #current: Pause | null = null;
  /** Owner of the code at the top of the stack, while the thread stands, for whatever reason. */
  #top: CodeOwner | null = null;
  #step: Step | null = null;
  #passed = 0;
  #frames = 0;
  #isSkipping = false;

  constructor(options: PausesOptions) {
    this.#options = options;
    const { client } = options;
    client.on<Paused>('Debugger.paused', (params) => {
      // A connection that is closed meanwhile lets the thread go.
      this.#onPaused(params).catch(() => void this.#resume().catch(() => {}));
    });
    client.on('Debugger.resumed', () => this.#onResumed());
  }

  /** Begins. Nothing of V8's debugger runs before. */
  async attach(): Promise<void> {
    const { client, scripts } = this.#options;
    client.on<Debugger.ScriptParsedEventDataType>('Debugger.scriptParsed', (script) => scripts.add(script));
    await client.post('Debugger.enable');
    const root = RegExp.escape(kernelRoot);
    await client.post('Debugger.setBlackboxPatterns', { patterns: [`^${root}`, KERNEL_SCRIPT] });
    await client.post('Debugger.setAsyncCallStackDepth', { maxDepth: ASYNC_DEPTH });
  }

  get current(): Pause | null {
    return this.#current;
  }

  /** @throws DebugError when it runs */
  require(): Pause {
    if (this.#current === null) throw new DebugError('The thread is running: set a breakpoint, or pause it');
    return this.#current;
  }

  /** A frame that clients know by its number. @throws DebugError */
  frame(id: number): Frame {
    const found = this.require().frames.find((frame) => frame.id === id);
    if (!found) throw new DebugError(`There is no frame ${id}: ask for the stack again`);
    return found;
  }

  async step(step: Step): Promise<void> {
    this.require();
    this.#step = step;
    this.#passed = 0;
    await this.#options.client.post(`Debugger.${step}`);
  }

  async resume(): Promise<void> {
    this.require();
    await this.#resume();
  }

  /** Stands at the next line of the user's that runs. */
  async pause(): Promise<void> {
    this.#step = 'stepInto';
    this.#passed = 0;
    await this.#options.client.post('Debugger.pause');
  }

  /**
   * Ends a pause, because what stands is to be stopped: the user's own code at once, other code by whoever stops what
   * runs. Until {@link heed} nothing pauses.
   */
  async ignore(): Promise<void> {
    const { client } = this.#options;
    this.#isSkipping = true;
    const isUsers = this.#top === 'user';
    const skipping = client.post('Debugger.setSkipAllPauses', { skip: true });
    if (this.#top !== null)
      void client.post('Debugger.resume', { terminateOnResume: isUsers }).catch(() => {});
    await skipping;
  }

  async heed(): Promise<void> {
    if (!this.#isSkipping) return;
    this.#isSkipping = false;
    await this.#options.client.post('Debugger.setSkipAllPauses', { skip: false });
  }

  #resume(): Promise<object> {
    this.#step = null;
    return this.#options.client.post('Debugger.resume');
  }

  async #onPaused(params: Paused): Promise<void> {
    const { client, scripts, breakpoints } = this.#options;
    if (params.reason === 'instrumentation') {
      const { scriptId } = params.data as unknown as { scriptId: string };
      const script = scripts.at(scriptId);
      if (script) await breakpoints.bindScript(script).catch(() => {});
      await client.post('Debugger.resume');
      return;
    }
    const owners = params.callFrames.map(({ location }) => scripts.at(location.scriptId)?.owner ?? 'node');
    this.#top = owners[0] ?? 'node';
    const passing = this.#isSkipping ? 'resume' : this.#passOver(params, owners);
    if (passing === null) await this.#stand(params);
    else if (passing === 'resume') await this.#resume();
    else await client.post(`Debugger.${passing}`);
  }

  /** How to go on from a place that is not the user's; null where to stand. */
  #passOver({ hitBreakpoints = [] }: Paused, owners: readonly CodeOwner[]): 'resume' | Step | null {
    if (this.#options.breakpoints.hit(hitBreakpoints).length > 0) return null;
    const caller = owners.find((owner) => owner === 'user' || owner === 'kernel');
    const isInside = owners[0] === 'node' || owners[0] === 'kernel';
    if (!isInside) return caller === 'kernel' ? 'resume' : null;
    if (this.#step === null || caller === 'kernel') return 'resume';
    // Nobody's code: on the way to what a timer or a message calls, or the end of it.
    this.#passed++;
    if (this.#passed <= MOST_PASSED && this.#step === 'stepInto') return 'stepInto';
    return caller === 'user' ? 'stepOut' : 'resume';
  }

  async #stand(params: Paused): Promise<void> {
    const { scripts, breakpoints, publish } = this.#options;
    const frames = await buildFrames(scripts, params, () => ++this.#frames);
    const isThrow = params.reason === 'exception' || params.reason === 'promiseRejection';
    const thrown = isThrow ? (params.data as unknown as Runtime.RemoteObject) : null;
    const hits = breakpoints.hit(params.hitBreakpoints ?? []);
    this.#current = { frames, thrown };
    const reason = thrown ? 'exception' : hits.length > 0 ? 'breakpoint' : this.#step ? 'step' : 'breakpoint';
    this.#step = null;
    publish('stopped', {
      reason,
      threadId: THREAD_ID,
      allThreadsStopped: true,
      ...(hits.length > 0 ? { hitBreakpointIds: hits } : {}),
      ...(thrown ? { description: 'Paused on an exception', text: textOfValue(thrown) } : {}),
    });
  }

  #onResumed(): void {
    this.#top = null;
    if (this.#current === null) return;
    this.#current = null;
    this.#options.publish('continued', { threadId: THREAD_ID, allThreadsContinued: true });
    void this.#options.variables.release('pause').catch(() => {});
  }
}

/** The user's thread: the only one that runs cells. */
export const THREAD_ID = 1;
