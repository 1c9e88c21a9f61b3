// A debugger's client for tests: speaks the Debug Adapter Protocol as JupyterLab does, over the control channel of a
// kernel that a test has started. Written from the specifications, without the kernel's code.
import type { Json, KernelClient, Received } from './kernel-client.ts';

/** A frame, a scope, a variable: what a test looks at. */
export type DapObject = Json & {
  readonly id: number;
  readonly name: string;
  readonly line: number;
  readonly value: string;
  readonly variablesReference: number;
  readonly source: { readonly path: string; readonly name: string };
};

/** Drives the debugger of a kernel. */
export class DebugClient {
  readonly kernel: KernelClient;
  #seq = 0;
  /** Messages before this one were looked at. */
  #seen = 0;

  constructor(kernel: KernelClient) {
    this.kernel = kernel;
  }

  /** Sends a request; resolves to its response, whatever it says. */
  async send(command: string, args: Json = {}): Promise<Json> {
    const content = { type: 'request', seq: ++this.#seq, command, arguments: args };
    const { reply } = await this.kernel.request('debug_request', content, { channel: 'control' });
    return reply.content;
  }

  /** Sends a request that succeeds; resolves to the body of its response. */
  async ask(command: string, args: Json = {}): Promise<Json> {
    const response = await this.send(command, args);
    if (response['success'] !== true) throw new Error(`${command}: ${String(response['message'])}`);
    return response['body'] as Json;
  }

  /** Starts as JupyterLab does. */
  async start(): Promise<Json> {
    const capabilities = await this.ask('initialize', { clientID: 'jupyterlab', linesStartAt1: true });
    await this.ask('attach');
    return capabilities;
  }

  async stop(): Promise<void> {
    await this.ask('disconnect', { restart: false, terminateDebuggee: false });
  }

  /** Sets breakpoints in a cell as JupyterLab does; resolves to its path. */
  async breakIn(code: string, ...breakpoints: readonly (number | Json)[]): Promise<string> {
    const { sourcePath } = (await this.ask('dumpCell', { code })) as { sourcePath: string };
    await this.breakAt(sourcePath, ...breakpoints);
    return sourcePath;
  }

  /** Sets breakpoints in a file; resolves to what the kernel made of them. */
  async breakAt(path: string, ...breakpoints: readonly (number | Json)[]): Promise<readonly Json[]> {
    const wanted = breakpoints.map((one) => (typeof one === 'number' ? { line: one } : one));
    const args = { source: { path }, breakpoints: wanted, sourceModified: false };
    const { breakpoints: set } = await this.ask('setBreakpoints', args);
    await this.ask('configurationDone');
    return set as Json[];
  }

  /** Resolves to the body of the next event of a name, those that were waited for before left out. */
  async event(name: string): Promise<Json> {
    let at = this.#seen;
    const isNext = (message: Received): boolean => {
      const index = this.kernel.received.indexOf(message);
      if (index < this.#seen || message.header.msg_type !== 'debug_event') return false;
      at = index + 1;
      return message.content['event'] === name;
    };
    const found = await this.kernel.wait(isNext, 8_000, `event ${name}`);
    this.#seen = at;
    return found.content['body'] as Json;
  }

  /** Resolves to the stack once the thread stands. */
  async stopped(reason?: string): Promise<readonly DapObject[]> {
    const body = await this.event('stopped');
    if (reason !== undefined && body['reason'] !== reason) {
      throw new Error(`stopped by ${String(body['reason'])}, not by ${reason}`);
    }
    return this.stack();
  }

  async stack(): Promise<readonly DapObject[]> {
    const { stackFrames } = await this.ask('stackTrace', { threadId: 1 });
    return stackFrames as DapObject[];
  }

  /** Goes on; resolves to the stack where it stands next. */
  async step(command: 'next' | 'stepIn' | 'stepOut' | 'continue'): Promise<readonly DapObject[]> {
    await this.ask(command, { threadId: 1 });
    return this.stopped();
  }

  async resume(): Promise<void> {
    await this.ask('continue', { threadId: 1 });
  }

  /** The values of a scope of a frame, by name. */
  async scope(frame: DapObject, name: string): Promise<Readonly<Record<string, string>>> {
    const { scopes } = await this.ask('scopes', { frameId: frame.id });
    const found = (scopes as DapObject[]).find((one) => one.name === name);
    if (!found) throw new Error(`no scope ${name} in ${JSON.stringify(scopes)}`);
    return valuesOf(await this.children(found));
  }

  async children({ variablesReference }: DapObject, args: Json = {}): Promise<readonly DapObject[]> {
    const { variables } = await this.ask('variables', { variablesReference, ...args });
    return variables as DapObject[];
  }

  /** The result of an expression in a frame. */
  async evaluate(expression: string, frame?: DapObject, context = 'repl'): Promise<DapObject> {
    const body = await this.ask('evaluate', { expression, context, ...(frame ? { frameId: frame.id } : {}) });
    return { ...body, value: body['result'] } as unknown as DapObject;
  }
}

/** Values by name. */
export const valuesOf = (variables: readonly DapObject[]): Readonly<Record<string, string>> =>
  Object.fromEntries(variables.map(({ name, value }) => [name, value]));

/** `name:line` of frames. */
export const placesOf = (frames: readonly DapObject[]): readonly string[] =>
  frames.map(({ name, line }) => `${name}:${line}`);
