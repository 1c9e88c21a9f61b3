// The protocol side of the kernel: answers what needs no user code by itself and hands cells and comms to
// the user's thread. Runs in the protocol thread, so that it answers while a cell spins.
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { MessagePort, Worker } from 'node:worker_threads';
import type { LiveInspector } from '../language/live-inspector.ts';
import type { PortName } from '../protocol/connection-file.ts';
import { ExecuteQueue } from '../protocol/execute-queue.ts';
import type { CellOutcome } from '../protocol/execute-queue.ts';
import { historyPath, openCellHistory } from './history.ts';
import type { CellHistory } from './history.ts';
import { buildKernelInfo } from '../protocol/kernel-info.ts';
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject, Message } from '../protocol/message.ts';
import { Publisher } from '../protocol/publisher.ts';
import { errorContent } from '../protocol/replies.ts';
import type { CellTypes, CheckedCell } from './cell-types.ts';
import { Question } from './question.ts';
import type { Channel, KernelSockets } from './kernel-sockets.ts';
import type { Publish, ToProtocolThread, ToUserThread } from '../protocol/thread-messages.ts';
import { createUsageReader } from './usage.ts';
import { buildWarning } from './warning.ts';

/** How long the sockets are still before a failed cell is answered. */
const QUIET_MS = 5;

type RequestChannel = 'shell' | 'control';

interface Execution {
  readonly channel: RequestChannel;
  readonly request: Message;
}

interface RunningCell extends Execution {
  readonly startedAt: string;
  readonly finish: (outcome: CellOutcome) => void;
}

/** What the server needs. */
export interface KernelServerOptions {
  readonly version: string;
  readonly userThread: Pick<MessagePort | Worker, 'postMessage'>;
  readonly sharedWords: Int32Array;
  readonly inputBytes: Uint8Array;
  /** Looks at live values, also while a cell runs. */
  readonly inspector: () => Promise<LiveInspector>;
  readonly cellTypes: CellTypes;
  /** Cells wait for it. */
  readonly ready: Promise<void>;
  /** Interrupts user code. */
  readonly interrupt: () => void;
  /** Answers the content of a debug_request with that of its reply. */
  readonly debug: (content: JsonObject) => Promise<JsonObject>;
  /** Ports of the connection file: what connect_reply tells. */
  readonly ports: Readonly<Record<PortName, number>>;
  /** Called when a client ends the kernel, after the answer was queued. */
  readonly onExit: () => void;
}

/** Answers the messages of one kernel. */
export class KernelServer {
  readonly #options: KernelServerOptions;
  readonly #publisher: Publisher;
  #sockets: KernelSockets | null = null;
  #executionCount = 0;
  #history: Promise<CellHistory> | null = null;
  readonly #running = new Map<string, RunningCell>();
  readonly #queues = new Map<string | null, ExecuteQueue<Execution>>();
  readonly #comms = new Map<string, string>();
  readonly #pendingComms = new Map<string, () => void>();
  readonly #question: Question;
  readonly #usage = createUsageReader();
  #received = 0;
  /** The cell that ran last. */
  #newest: string | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: KernelServerOptions) {
    this.#options = options;
    this.#question = new Question(options.sharedWords, options.inputBytes);
    this.#publisher = new Publisher(randomUUID(), (channel: Channel, message) =>
      this.#send(channel, message),
    );
    this.#queues.set(null, this.#createQueue());
  }

  start(sockets: KernelSockets): void {
    this.#sockets = sockets;
    this.#publisher.status(null, 'starting');
  }

  onSubscribe(topic: Uint8Array): void {
    this.#publisher.welcome(topic);
  }

  onMessage(channel: 'shell' | 'control' | 'stdin', message: Message): void {
    this.#received++;
    if (channel === 'stdin') this.#question.answer(message);
    else if (message.header.msg_type === 'execute_request') this.#queueCell({ channel, request: message });
    else void this.#answer(channel, message);
  }

  /** A message of the user's thread. */
  onUserThread(message: Exclude<ToProtocolThread, { type: 'exiting' | 'native' }>): void {
    switch (message.type) {
      case 'publish':
        this.#publish(message);
        break;
      case 'done':
        if (message.last) this.#publish(message.last);
        this.#finishCell(message.parent, message.reply);
        break;
      case 'input':
        this.#askInput(message.parent, { prompt: message.prompt, password: message.password });
        break;
      case 'comm-done':
        this.#pendingComms.get(message.parent)?.();
    }
  }

  #publish(message: Publish): void {
    this.#noteComm(message.msgType, message.content);
    this.#noteResult(message);
    const { parent, msgType, content, metadata, buffers } = message;
    this.#publisher.publish(parent, msgType, content, metadata, buffers);
  }

  /** What somebody wrote past the user's thread: it belongs to the cell that ran last. */
  onNativeOutput(name: 'stdout' | 'stderr', text: string): void {
    this.#publisher.publish(this.#newest, 'stream', { name, text });
  }

  /** What the debugger tells all clients: of the cell that ran last. */
  onDebugEvent(event: JsonObject): void {
    this.#publisher.publish(this.#newest, 'debug_event', event);
  }

  // Cells

  #createQueue(): ExecuteQueue<Execution> {
    return new ExecuteQueue<Execution>({
      run: (execution) => this.#runCell(execution),
      abort: (execution) => this.#abortCell(execution),
      settle: () => this.#settle(),
    });
  }

  /**
   * Resolves once what a client sent in one go has arrived: a message may still be in ZeroMQ's pipes, so the
   * sockets must be still for a moment. Delays the answer of a failed cell only.
   */
  async #settle(): Promise<void> {
    let seen: number;
    do {
      seen = this.#received;
      await delay(QUIET_MS);
      await nextTurn();
    } while (this.#received !== seen);
  }

  #queueCell(execution: Execution): void {
    const { channel, request } = execution;
    const subshell = request.header.subshell_id ?? null;
    const queue = this.#queues.get(subshell);
    if (queue) queue.push({ request: execution, stopOnError: request.content['stop_on_error'] !== false });
    else {
      const content = errorContent('SubshellError', `There is no subshell "${subshell}"`);
      this.#answerAtOnce(channel, request, { ...content, execution_count: this.#executionCount });
    }
  }

  async #runCell({ channel, request }: Execution): Promise<CellOutcome> {
    const { content, header } = request;
    const startedAt = new Date().toISOString();
    const code = textField(content, 'code');
    const silent = content['silent'] === true;
    const storesHistory = !silent && content['store_history'] !== false;
    if (storesHistory) this.#executionCount++;
    const executionCount = this.#executionCount;
    const checked: CheckedCell = { parent: header.msg_id, code, isShown: storesHistory };
    const tellBegin = (): void => {
      this.#publisher.remember(header);
      this.#publisher.status(header.msg_id, 'busy');
      if (silent) return;
      this.#publisher.publish(header.msg_id, 'execute_input', { code, execution_count: executionCount });
    };
    if (storesHistory) void this.#openHistory().then((history) => history.append(executionCount, code));
    await this.#options.ready;
    const admission = this.#options.cellTypes.admit(checked);
    if (admission) tellBegin();
    const refusal = await admission;
    if (refusal) return this.#refuse({ channel, request }, { ...refusal, execution_count: executionCount });
    return new Promise((finish) => {
      this.#running.set(header.msg_id, { channel, request, startedAt, finish });
      this.#newest = header.msg_id;
      this.#options.cellTypes.started(checked);
      this.#post({
        type: 'execute',
        parent: header.msg_id,
        code,
        executionCount,
        silent,
        allowStdin: content['allow_stdin'] === true,
        userExpressions: (content['user_expressions'] as Record<string, string> | undefined) ?? {},
      });
      // While the user's thread begins. What it tells is read after this.
      if (!admission) tellBegin();
    });
  }

  #finishCell(parent: string, reply: JsonObject): void {
    const cell = this.#running.get(parent);
    if (!cell) return;
    this.#running.delete(parent);
    const succeeded = reply['status'] === 'ok';
    const answer = (): void =>
      this.#publisher.reply(cell.channel, cell.request, reply, { started: cell.startedAt });
    const idle = (): void => this.#publisher.status(parent, 'idle');
    const warnings = this.#options.cellTypes.ended(parent, reply);
    // Warnings belong before `idle`; the answer need not wait for them, unless it aborts the cells behind it.
    if (warnings && succeeded) answer();
    const rest = warnings && succeeded ? idle : () => (answer(), idle());
    const finish = (): void => cell.finish({ succeeded, answer: rest });
    if (warnings) void warnings.then(finish);
    else finish();
  }

  /** A cell that the type checker keeps from running ends with what it says. */
  #refuse({ channel, request }: Execution, content: JsonObject): CellOutcome {
    const { ename, evalue, traceback } = content;
    this.#publisher.publish(request.header.msg_id, 'error', { ename, evalue, traceback });
    return {
      succeeded: false,
      answer: () => {
        this.#publisher.reply(channel, request, content);
        this.#publisher.status(request.header.msg_id, 'idle');
      },
    };
  }

  /** Shows a warning below a cell: not as an error, and as what every front end shows. */
  warn(parent: string, text: string): void {
    this.#publisher.publish(parent, 'display_data', {
      data: buildWarning(text),
      metadata: {},
      transient: {},
    });
  }

  #abortCell({ channel, request }: Execution): void {
    this.#answerAtOnce(channel, request, {
      ...errorContent('Aborted', 'An earlier cell failed'),
      status: 'aborted',
      execution_count: this.#executionCount,
    });
  }

  #answerAtOnce(channel: RequestChannel, request: Message, content: JsonObject): void {
    this.#publisher.remember(request.header);
    this.#publisher.status(request.header.msg_id, 'busy');
    this.#publisher.reply(channel, request, content);
    this.#publisher.status(request.header.msg_id, 'idle');
  }

  #noteResult(message: Publish): void {
    if (message.msgType !== 'execute_result') return;
    const data = message.content['data'] as Record<string, unknown> | undefined;
    const line = Number(message.content['execution_count']);
    const text = data?.['text/plain'];
    if (typeof text !== 'string') return;
    void this.#openHistory().then((history) => history.setOutput(line, text));
  }

  #openHistory(): Promise<CellHistory> {
    this.#history ??= import('node:sqlite').then((sqlite) => openCellHistory(sqlite, historyPath()));
    return this.#history;
  }

  // Requests

  async #answer(channel: RequestChannel, request: Message): Promise<void> {
    const { msg_id: id, msg_type: type } = request.header;
    this.#publisher.remember(request.header);
    this.#publisher.status(id, 'busy');
    try {
      const handler = handlers.get(type);
      const content = handler
        ? await handler(this, request)
        : type.endsWith('_request')
          ? errorContent('UnknownMessage', `This kernel does not know "${type}"`)
          : null;
      if (content) this.#publisher.reply(channel, request, content);
    } catch (error) {
      this.#publisher.reply(channel, request, errorContent('InternalError', String(error)));
    }
    this.#publisher.status(id, 'idle');
    if (type === 'shutdown_request') this.#options.onExit();
  }

  kernelInfo(): JsonObject {
    return buildKernelInfo(this.#options.version);
  }

  async complete(request: Message): Promise<JsonObject> {
    const code = textField(request.content, 'code');
    const inspector = await this.#options.inspector();
    return inspector.complete(code, numberField(request.content, 'cursor_pos', code.length));
  }

  async inspect(request: Message): Promise<JsonObject> {
    const code = textField(request.content, 'code');
    const inspector = await this.#options.inspector();
    const detailLevel = numberField(request.content, 'detail_level', 0);
    return inspector.inspect(code, numberField(request.content, 'cursor_pos', code.length), detailLevel);
  }

  async history(request: Message): Promise<JsonObject> {
    const history = await this.#openHistory();
    return { status: 'ok', history: history.read(request.content) };
  }

  connect(): JsonObject {
    return { status: 'ok', ...this.#options.ports };
  }

  debug(content: JsonObject): Promise<JsonObject> {
    return this.#options.debug(content);
  }

  usage(): JsonObject {
    return this.#usage();
  }

  commInfo(request: Message): JsonObject {
    const target = request.content['target_name'];
    const wanted = [...this.#comms].filter(([, name]) => !target || name === target);
    return {
      status: 'ok',
      comms: Object.fromEntries(wanted.map(([id, name]) => [id, { target_name: name }])),
    };
  }

  comm(request: Message): Promise<null> {
    const msgType = request.header.msg_type as 'comm_open' | 'comm_msg' | 'comm_close';
    this.#noteComm(msgType, request.content);
    const parent = request.header.msg_id;
    return new Promise((resolve) => {
      this.#pendingComms.set(parent, () => {
        this.#pendingComms.delete(parent);
        resolve(null);
      });
      const { content, metadata, buffers } = request;
      this.#post({ type: 'comm', parent, msgType, content, metadata, buffers });
    });
  }

  #noteComm(msgType: string, content: JsonObject): void {
    const id = textField(content, 'comm_id');
    if (msgType === 'comm_open') this.#comms.set(id, textField(content, 'target_name'));
    if (msgType === 'comm_close') this.#comms.delete(id);
  }

  interrupt(): JsonObject {
    this.#queues.forEach((queue) => queue.abortWaiting());
    this.#options.interrupt();
    return { status: 'ok' };
  }

  createSubshell(): JsonObject {
    const id = randomUUID();
    this.#queues.set(id, this.#createQueue());
    return { status: 'ok', subshell_id: id };
  }

  deleteSubshell(request: Message): JsonObject {
    const id = textField(request.content, 'subshell_id');
    if (!this.#queues.delete(id)) return errorContent('SubshellError', `There is no subshell "${id}"`);
    return { status: 'ok' };
  }

  listSubshells(): JsonObject {
    return { status: 'ok', subshell_id: [...this.#queues.keys()].filter((id) => id !== null) };
  }

  // stdin

  #askInput(parent: string, content: JsonObject): void {
    const cell = this.#running.get(parent);
    if (cell) this.#question.open(this.#publisher.ask(cell.request, content), cell.request.identities);
  }

  /** Sends what is queued, then closes sockets and history. */
  async close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#sockets?.close();
      (await this.#history)?.close();
    })();
    await this.#closed;
  }

  /** A content that JSON cannot hold must not end the thread that everything goes through. */
  #send(channel: Channel, message: Message): void {
    try {
      this.#sockets?.send(channel, message);
    } catch (error) {
      const { msg_type: type } = message.header;
      const content = errorContent('EncodeError', `Cannot send ${type}: ${String(error)}`);
      if (channel !== 'iopub') this.#sockets?.send(channel, { ...message, content });
      const parent = message.parentHeader.msg_id ?? null;
      const text = `${textField(content, 'evalue')}\n`;
      if (type !== 'stream') this.#publisher.publish(parent, 'stream', { name: 'stderr', text });
    }
  }

  #post(message: ToUserThread): void {
    this.#options.userThread.postMessage(message, []);
  }
}

type Handler = (server: KernelServer, request: Message) => JsonObject | null | Promise<JsonObject | null>;

/** Every message this kernel knows, except execute_request and what arrives on stdin. */
const handlers = new Map<string, Handler>(
  Object.entries<Handler>({
    kernel_info_request: (server) => server.kernelInfo(),
    connect_request: (server) => server.connect(),
    complete_request: (server, request) => server.complete(request),
    inspect_request: (server, request) => server.inspect(request),
    is_complete_request: async (_server, { content }) => {
      const { checkComplete } = await import('../language/is-complete.ts');
      return checkComplete(textField(content, 'code'));
    },
    history_request: (server, request) => server.history(request),
    comm_info_request: (server, request) => server.commInfo(request),
    comm_open: (server, request) => server.comm(request),
    comm_msg: (server, request) => server.comm(request),
    comm_close: (server, request) => server.comm(request),
    interrupt_request: (server) => server.interrupt(),
    shutdown_request: (_server, { content }) => ({ status: 'ok', restart: content['restart'] === true }),
    usage_request: (server) => server.usage(),
    create_subshell_request: (server) => server.createSubshell(),
    delete_subshell_request: (server, request) => server.deleteSubshell(request),
    list_subshell_request: (server) => server.listSubshells(),
    debug_request: (server, { content }) => server.debug(content),
  }),
);
