// Where the user's thread stands: told to the client only where the user's code stands, and passed over elsewhere. V8
// knows Node's own scripts as nobody's, so that steps enter them and have to be led out again.
import type { Debugger, Runtime } from 'node:inspector';
import type { JsonObject } from '../protocol/message.ts';
import { KERNEL_SCRIPT, kernelRoot } from '../runtime/code-owner.ts';
import type { CodeOwner } from '../runtime/code-owner.ts';
import type { AwaitingSite } from '../runtime/stack-frames.ts';
import type { Breakpoints } from './breakpoints.ts';
import { DebugError } from './dap-messages.ts';
import { buildStackFrames } from './frames.ts';
import type { Frame } from './frames.ts';
import type { InspectorClient } from './inspector-client.ts';
import { placeInSource } from './scripts.ts';
import type { Scripts } from './scripts.ts';
import { textOfValue } from './value-text.ts';
import type { DebugVariables } from './variables.ts';

type Paused = Debugger.PausedEventDataType;
export type Step = 'stepInto' | 'stepOver' | 'stepOut';

/** Steps through Node's code on the way to what it calls of the user's. */
const MOST_PASSED = 150;
/** Parts of one line that a step passes: a loop may be in it. */
const MOST_PARTS = 50;
/** Until a thread that did not run the user's code is asked again. */
const AGAIN_MS = 20;

/** A line of a call of a function. */
interface Line {
  /** Calls of the user's and of libraries on the stack. */
  readonly depth: number;
  readonly scriptId: string;
  readonly line: number;
}

/** What a paused thread shows. */
export interface Pause {
  /** Null where nothing is known of the code. */
  readonly line: Line | null;
  readonly frames: readonly Frame[];
  /** What was thrown, where that is why it stands. */
  readonly thrown: Runtime.RemoteObject | null;
}

/** Parts of a debugger that is attached. */
export interface PausesOptions {
  readonly client: InspectorClient;
  readonly scripts: Scripts;
  readonly breakpoints: Breakpoints;
  readonly variables: DebugVariables;
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
  /** Where the step began. */
  #origin: Line | null = null;
  #frames = 0;
  #isSkipping = false;
  /** Whether a client waits for the thread to stand. */
  #isPausing = false;

  constructor(options: PausesOptions) {
    this.#options = options;
    const { client } = options;
    client.on('Debugger.paused', (params: Paused) => {
      // A connection that is closed meanwhile lets the thread go.
      this.#onPaused(params).catch(() => void this.#resume().catch(() => {}));
    });
    client.on('Debugger.resumed', () => this.#onResumed());
  }

  /** Begins. Nothing of V8's debugger runs before. */
  async attach(): Promise<void> {
    const { client, scripts } = this.#options;
    client.on('Debugger.scriptParsed', (script: Debugger.ScriptParsedEventDataType) => scripts.add(script));
    await client.post('Debugger.enable');
    const root = RegExp.escape(kernelRoot);
    await client.post('Debugger.setBlackboxPatterns', { patterns: [`^${root}`, KERNEL_SCRIPT] });
    // No asynchronous stacks of V8's: for them Node checks its own at every callback, and ends a process in which one
    // was stopped by an interrupt.
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
    this.#origin = this.require().line;
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
    if (this.#current !== null) return;
    this.#isPausing = true;
    await this.#options.breakpoints.holdAll(true);
    await this.#stopNext();
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

  async #stopNext(): Promise<void> {
    this.#step = 'stepInto';
    this.#passed = 0;
    this.#origin = null;
    await this.#options.client.post('Debugger.pause');
  }

  /** Goes on from a place that is not the user's. A pause that was asked for is asked for again. */
  async #goOn(): Promise<void> {
    await this.#resume();
    if (!this.#isPausing) return;
    const again = (): void => {
      if (this.#isPausing && this.#top === null) void this.#stopNext().catch(() => {});
    };
    setTimeout(again, AGAIN_MS).unref();
  }

  #resume(): Promise<object> {
    this.#step = null;
    return this.#options.client.post('Debugger.resume');
  }

  async #onPaused(params: Paused): Promise<void> {
    const { client, scripts, breakpoints } = this.#options;
    const held = this.#heldBy(params);
    if (held !== null) {
      const script = scripts.at(held);
      if (script) await breakpoints.bindScript(script).catch(() => {});
      if (this.#isPausing && script?.owner === 'user') await this.#stopNext();
      await client.post('Debugger.resume');
      return;
    }
    const owners = params.callFrames.map(({ location }) => scripts.at(location.scriptId)?.owner ?? 'node');
    this.#top = owners[0] ?? 'node';
    const passing = this.#isSkipping ? 'resume' : this.#passOver(params, owners);
    if (passing === null) await this.#stand(params);
    else if (passing === 'resume') await this.#goOn();
    else await client.post(`Debugger.${passing}`);
  }

  /** The script that is held before it runs; null when nothing of that kind is. */
  #heldBy({ reason, data, callFrames }: Paused): string | null {
    if (reason === 'instrumentation') return (data as unknown as { scriptId: string }).scriptId;
    const top = callFrames[0]?.location;
    const isHeld = top?.lineNumber === 0 && this.#options.scripts.at(top.scriptId)?.holdsItself === true;
    return isHeld ? top.scriptId : null;
  }

  /** How to go on from a place that is not the user's, or from the line of before; null where to stand. */
  #passOver(params: Paused, owners: readonly CodeOwner[]): 'resume' | Step | null {
    if (this.#options.breakpoints.hit(params.hitBreakpoints ?? []).length > 0) return null;
    const caller = owners.find((owner) => owner === 'user' || owner === 'kernel');
    const isInside = caller === 'kernel' || owners[0] === 'node';
    if (!isInside) return this.#finishLine(params);
    // What Node's own code throws and catches is nobody's matter.
    if (isThrow(params)) return caller === 'user' && params.data?.['uncaught' as never] ? null : 'resume';
    const isCalled = owners.includes('user');
    // What ran has ended: what comes next is not what somebody stepped through.
    if (this.#step === null || (caller === 'kernel' && !isCalled)) return 'resume';
    // On the way to what a timer, a message or a library calls of the user's, or back from there.
    this.#passed++;
    if (this.#passed <= MOST_PASSED && this.#step === 'stepInto' && caller !== 'kernel') return 'stepInto';
    return isCalled ? 'stepOut' : 'resume';
  }

  /** Steps go from line to line: V8 also stands between the parts of one. */
  #finishLine(params: Paused): Step | null {
    if (params.reason !== 'step' || this.#step === null) return null;
    if (this.#isAtEnd(params)) return 'stepInto';
    if (this.#step === 'stepOut') return null;
    const [before, now] = [this.#origin, this.#lineOf(params)];
    if (before === null || now === null) return null;
    // After an await nobody is below.
    const isCall = before.depth === now.depth || now.depth === 1;
    const isSame = isCall && before.scriptId === now.scriptId && before.line === now.line;
    return isSame && this.#passed++ < MOST_PARTS ? this.#step : null;
  }

  /** Behind the last line of a script: V8 stands there before it goes back to who called it. */
  #isAtEnd({ callFrames }: Paused): boolean {
    const location = callFrames[0]!.location;
    const script = this.#options.scripts.at(location.scriptId);
    return script !== undefined && location.lineNumber >= script.lines;
  }

  #lineOf({ callFrames }: Paused): Line | null {
    const location = callFrames[0]?.location;
    const script = location && this.#options.scripts.at(location.scriptId);
    if (!script) return null;
    const { line } = placeInSource(script, location.lineNumber, location.columnNumber ?? 0);
    const depth = callFrames.filter((call) => {
      const owner = this.#options.scripts.at(call.location.scriptId)?.owner;
      return owner === 'user' || owner === 'library';
    }).length;
    return { depth, scriptId: script.id, line };
  }

  async #stand(params: Paused): Promise<void> {
    const { client, scripts, breakpoints, publish } = this.#options;
    const awaiting = await client.ask<readonly AwaitingSite[]>('awaiting');
    const frames = await buildStackFrames(scripts, params, awaiting, () => ++this.#frames);
    const thrown = isThrow(params) ? (params.data as unknown as Runtime.RemoteObject) : null;
    const hits = breakpoints.hit(params.hitBreakpoints ?? []);
    if (this.#isPausing) {
      this.#isPausing = false;
      await breakpoints.holdAll(false);
    }
    this.#current = { frames, thrown, line: this.#lineOf(params) };
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

  /** V8 lets the thread go without a word when the connection is closed. */
  end(): void {
    this.#onResumed();
  }

  #onResumed(): void {
    this.#top = null;
    if (this.#current === null) return;
    this.#current = null;
    this.#options.publish('continued', { threadId: THREAD_ID, allThreadsContinued: true });
    void this.#options.variables.release('pause').catch(() => {});
  }
}

const isThrow = ({ reason }: Paused): boolean => reason === 'exception' || reason === 'promiseRejection';

/** The user's thread: the only one that runs cells. */
export const THREAD_ID = 1;
