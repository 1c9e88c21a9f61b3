// The step debugger: requests of the Debug Adapter Protocol, as Jupyter carries them, answered with V8's inspector.
// Runs in the protocol thread, so that it answers while the user's thread is paused. Until a client attaches, nothing
// of V8's debugger is switched on. What Jupyter adds to the protocol follows ipykernel:
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#debug-request
import { basename } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Debugger } from 'node:inspector';
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';
import { Breakpoints } from './breakpoints.ts';
import { HASH_SEED, KnownCells, PATH_PREFIX, PATH_SUFFIX } from './cell-paths.ts';
import type { DebugConnection } from './connection.ts';
import { DapMessages, DebugError, listField, objectField, readRequest } from './dap-messages.ts';
import { evaluateIn, renderIn } from './evaluation.ts';
import { InspectorClient } from './inspector-client.ts';
import { Pauses, THREAD_ID } from './pauses.ts';
import { copyToGlobals, scopesOf, setVariable } from './scopes.ts';
import { Scripts } from './scripts.ts';
import { DebugVariables } from './variables.ts';

/** What the debugger needs of the server. */
export interface DebugAdapterOptions {
  /** Tells all clients the content of a debug_event. */
  readonly publish: (event: JsonObject) => void;
  /** Stops the running cell. */
  readonly interrupt: () => void;
}

const exceptionFilters = [
  { filter: 'all', label: 'All exceptions', default: false },
  { filter: 'uncaught', label: 'Uncaught exceptions', default: false },
] as const;

const capabilities: JsonObject = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsExceptionInfoRequest: true,
  supportsModulesRequest: true,
  supportsTerminateRequest: true,
  supportsDelayedStackTraceLoading: true,
  supportTerminateDebuggee: true,
  exceptionBreakpointFilters: exceptionFilters,
};

/** One kernel's debugger. Several clients may talk to it: they see one state. */
export class DebugAdapter {
  readonly #options: DebugAdapterOptions;
  readonly #messages = new DapMessages();
  readonly #cells = new KnownCells();
  readonly #breakpoints: Breakpoints;
  #connection: DebugConnection | null = null;
  #isStarted = false;
  #showsTypes = true;
  #isAttached = false;
  #order: Promise<unknown> = Promise.resolve();

  constructor(options: DebugAdapterOptions) {
    this.#options = options;
    this.#breakpoints = new Breakpoints(this.#cells, (breakpoint) =>
      this.#publish('breakpoint', { reason: 'changed', breakpoint }),
    );
  }

  /** Answers the content of a debug_request with that of a debug_reply; never rejects. */
  async handle(content: JsonObject): Promise<JsonObject> {
    const request = readRequest(content);
    const handler = handlers.get(request.command);
    try {
      if (!handler) throw new DebugError(`This debugger does not know "${request.command}"`);
      if (!handler.isStatic && !this.#isStarted) {
        throw new DebugError(
          `Cannot answer "${request.command}": the debugger has not started; send "initialize"`,
        );
      }
      const answer = (): Promise<JsonObject> | JsonObject => handler.answer(this, request.arguments);
      const body = handler.isOrdered ? await this.#inOrder(answer) : await answer();
      return this.#messages.response(request, body);
    } catch (error) {
      return this.#messages.failure(request, (error as Error).message);
    }
  }

  /** Before an interrupt: what is paused goes on and is stopped, and nothing pauses meanwhile. */
  async beginInterrupt(): Promise<void> {
    if (this.#isAttached) await this.#connection?.pauses.ignore().catch(() => {});
  }

  /** What was interrupted has ended. */
  async endInterrupt(): Promise<void> {
    await this.#connection?.pauses.heed().catch(() => {});
  }

  close(): void {
    this.#connection?.client.close();
    this.#connection = null;
    this.#isAttached = false;
  }

  /** One after the other: what changes the state of the debugger. */
  #inOrder<T>(work: () => Promise<T> | T): Promise<T> {
    const done = this.#order.then(work);
    this.#order = done.catch(() => {});
    return done;
  }

  #publish(event: string, body: JsonObject): void {
    this.#options.publish(this.#messages.event(event, body));
  }

  /** Also without a client that is attached: variables are shown then, too. */
  connect(): DebugConnection {
    if (this.#connection) return this.#connection;
    const client = new InspectorClient();
    const scripts = new Scripts(client, this.#cells);
    const variables = new DebugVariables(client, () => this.#showsTypes);
    const breakpoints = this.#breakpoints;
    const publish = (event: string, body: JsonObject): void => this.#publish(event, body);
    const pauses = new Pauses({ client, scripts, breakpoints, variables, publish });
    this.#connection = { client, scripts, variables, pauses };
    return this.#connection;
  }

  initialize({ clientID }: JsonObject): JsonObject {
    this.#isStarted = true;
    // JupyterLab shows a type instead of the value, except for Python's.
    this.#showsTypes = clientID !== 'jupyterlab';
    return capabilities;
  }

  async attach(): Promise<JsonObject> {
    if (!this.#isAttached) {
      const { client, scripts, pauses } = this.connect();
      await pauses.attach();
      this.#isAttached = true;
      await this.#breakpoints.attach(client, scripts);
    }
    this.#publish('initialized', {});
    return {};
  }

  /** What is paused goes on; `terminateDebuggee` stops it. */
  async disconnect({ terminateDebuggee }: JsonObject): Promise<JsonObject> {
    if (terminateDebuggee === true) {
      await this.beginInterrupt();
      this.#options.interrupt();
    }
    this.#connection?.pauses.end();
    this.close();
    this.#breakpoints.clear();
    this.#isStarted = false;
    return {};
  }

  async terminate(): Promise<JsonObject> {
    await this.disconnect({ terminateDebuggee: true });
    this.#publish('terminated', {});
    return {};
  }

  debugInfo(): JsonObject {
    return {
      isStarted: this.#isStarted,
      hashMethod: 'Murmur2',
      hashSeed: HASH_SEED,
      tmpFilePrefix: PATH_PREFIX,
      tmpFileSuffix: PATH_SUFFIX,
      breakpoints: this.#breakpoints.list(),
      stoppedThreads: this.#connection?.pauses.current ? [THREAD_ID] : [],
      richRendering: true,
      exceptionPaths: ['JavaScript Exceptions'],
      copyToGlobals: true,
    };
  }

  dumpCell(request: JsonObject): JsonObject {
    return { sourcePath: this.#cells.add(textField(request, 'code')) };
  }

  async setBreakpoints(request: JsonObject): Promise<JsonObject> {
    const path = textField(objectField(request, 'source'), 'path');
    if (path === '') throw new DebugError('Cannot set breakpoints: the source has no path');
    return { breakpoints: await this.#breakpoints.set(path, listField(request, 'breakpoints')) };
  }

  async setExceptionBreakpoints({ filters }: JsonObject): Promise<JsonObject> {
    const wanted = new Set(Array.isArray(filters) ? (filters as unknown[]) : []);
    const state = exceptionFilters.find(({ filter }) => wanted.has(filter))?.filter ?? 'none';
    await this.#attached().client.post('Debugger.setPauseOnExceptions', { state });
    return { breakpoints: [...wanted].map(() => ({ verified: true })) };
  }

  /** @throws DebugError */
  #attached(): DebugConnection {
    if (!this.#isAttached) throw new DebugError('The debugger is not attached: send "attach"');
    return this.connect();
  }

  async source(request: JsonObject): Promise<JsonObject> {
    const source = objectField(request, 'source');
    const path = textField(source, 'path');
    const number = numberField(source, 'sourceReference', numberField(request, 'sourceReference', 0));
    if (number > 0) {
      const params = { scriptId: String(number) };
      const { scriptSource } = await this.#attached().client.post<Debugger.GetScriptSourceReturnType>(
        'Debugger.getScriptSource',
        params,
      );
      return { content: scriptSource, mimeType: 'text/javascript' };
    }
    const content = this.#cells.codeAt(path) ?? (await readFile(path, 'utf8').catch(() => null));
    if (content === null) throw new DebugError(`Cannot read "${path}": it is neither a cell nor a file`);
    return { content };
  }

  stackTrace(request: JsonObject): JsonObject {
    const frames = this.#attached()
      .pauses.require()
      .frames.map(({ shown }) => shown);
    const start = numberField(request, 'startFrame', 0);
    const levels = numberField(request, 'levels', 0) || frames.length;
    return { stackFrames: frames.slice(start, start + levels), totalFrames: frames.length };
  }

  scopes(request: JsonObject): JsonObject {
    const { pauses, variables } = this.#attached();
    return { scopes: scopesOf(variables, pauses.frame(numberField(request, 'frameId', 0))) };
  }

  async variables(request: JsonObject): Promise<JsonObject> {
    return { variables: await this.connect().variables.list(request) };
  }

  async setVariable(request: JsonObject): Promise<JsonObject> {
    return setVariable(this.#attached(), request);
  }

  async evaluate(request: JsonObject): Promise<JsonObject> {
    return evaluateIn(this.connect(), request);
  }

  exceptionInfo(): JsonObject {
    const { thrown } = this.#attached().pauses.require();
    if (thrown === null) throw new DebugError('The thread does not stand because something was thrown');
    const description = thrown.description ?? String(thrown.value);
    return {
      exceptionId: thrown.className ?? thrown.type,
      description: description.split('\n', 1)[0],
      breakMode: 'always',
      details: { stackTrace: description },
    };
  }

  async inspectVariables(): Promise<JsonObject> {
    const { variables } = this.connect();
    await variables.release('inspection');
    return { variables: await variables.globals('inspection') };
  }

  richInspectVariables(request: JsonObject): Promise<JsonObject> {
    return renderIn(this.connect(), request);
  }

  copyToGlobals(request: JsonObject): Promise<JsonObject> {
    return copyToGlobals(this.#attached(), request);
  }

  /** Local files that are loaded. */
  modules(request: JsonObject): JsonObject {
    const files = this.#connection?.scripts.files() ?? [];
    const modules = files.map((path, at) => ({ id: at + 1, name: basename(path), path }));
    const start = numberField(request, 'startModule', 0);
    const count = numberField(request, 'moduleCount', 0) || modules.length;
    return { modules: modules.slice(start, start + count), totalModules: modules.length };
  }

  async resume(): Promise<JsonObject> {
    await this.#attached().pauses.resume();
    return { allThreadsContinued: true };
  }

  async step(step: 'stepInto' | 'stepOver' | 'stepOut'): Promise<JsonObject> {
    await this.#attached().pauses.step(step);
    return {};
  }

  async pause(): Promise<JsonObject> {
    await this.#attached().pauses.pause();
    return {};
  }
}

type Answer = (adapter: DebugAdapter, request: JsonObject) => Promise<JsonObject> | JsonObject;

interface Handler {
  readonly answer: Answer;
  /** Answered before `initialize`, too. */
  readonly isStatic: boolean;
  /** Waits for those before it. */
  readonly isOrdered: boolean;
}

const handler = (answer: Answer, flags: Partial<Handler> = {}): Handler => ({
  answer,
  isStatic: false,
  isOrdered: false,
  ...flags,
});

/** Every request this debugger knows. */
const handlers = new Map<string, Handler>(
  Object.entries({
    initialize: handler((adapter, request) => adapter.initialize(request), {
      isStatic: true,
      isOrdered: true,
    }),
    attach: handler((adapter) => adapter.attach(), { isOrdered: true }),
    launch: handler((adapter) => adapter.attach(), { isOrdered: true }),
    configurationDone: handler(() => ({}), { isOrdered: true }),
    disconnect: handler((adapter, request) => adapter.disconnect(request), { isStatic: true }),
    terminate: handler((adapter) => adapter.terminate()),
    debugInfo: handler((adapter) => adapter.debugInfo(), { isStatic: true }),
    dumpCell: handler((adapter, request) => adapter.dumpCell(request)),
    setBreakpoints: handler((adapter, request) => adapter.setBreakpoints(request), { isOrdered: true }),
    setExceptionBreakpoints: handler((adapter, request) => adapter.setExceptionBreakpoints(request), {
      isOrdered: true,
    }),
    // There are none: VS Code sends an empty list to every debugger.
    setFunctionBreakpoints: handler(() => ({ breakpoints: [] })),
    source: handler((adapter, request) => adapter.source(request)),
    threads: handler(() => ({ threads: [{ id: THREAD_ID, name: 'Cells' }] })),
    stackTrace: handler((adapter, request) => adapter.stackTrace(request)),
    scopes: handler((adapter, request) => adapter.scopes(request)),
    variables: handler((adapter, request) => adapter.variables(request), { isStatic: true }),
    setVariable: handler((adapter, request) => adapter.setVariable(request)),
    evaluate: handler((adapter, request) => adapter.evaluate(request)),
    exceptionInfo: handler((adapter) => adapter.exceptionInfo()),
    inspectVariables: handler((adapter) => adapter.inspectVariables(), { isStatic: true, isOrdered: true }),
    richInspectVariables: handler((adapter, request) => adapter.richInspectVariables(request), {
      isStatic: true,
    }),
    copyToGlobals: handler((adapter, request) => adapter.copyToGlobals(request)),
    modules: handler((adapter, request) => adapter.modules(request), { isStatic: true }),
    continue: handler((adapter) => adapter.resume()),
    next: handler((adapter) => adapter.step('stepOver')),
    stepIn: handler((adapter) => adapter.step('stepInto')),
    stepOut: handler((adapter) => adapter.step('stepOut')),
    pause: handler((adapter) => adapter.pause()),
  }),
);
