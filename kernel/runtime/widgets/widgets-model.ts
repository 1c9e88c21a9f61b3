// Models of widgets: state that cells and front ends share, by the messages of ipywidgets 8 over comms.
// https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
// Knows no widget: the states of the standard ones are in widgets-state.ts.
import { isDeepStrictEqual } from 'node:util';
import type { Comm, CommMessage, Comms } from '../comms.ts';
import { putBuffers, removeBuffers } from './widgets-buffers.ts';
import type { BufferPath } from './widgets-buffers.ts';
import { Map, Object, Promise, Set } from '../primordials.ts';

/** State of a model by name. Values are JSON, typed arrays and ArrayBuffers. */
export type WidgetState = Readonly<Record<string, unknown>>;

/** A message that is no state. */
export interface CustomMessage {
  readonly content: unknown;
  readonly buffers: readonly Uint8Array[];
}

/** What handlers are told. */
export interface ModelEvents {
  /** State changed, here or in a front end: the new values of what changed. */
  change: WidgetState;
  custom: CustomMessage;
  close: null;
}

/** One model, open in all front ends. */
export interface WidgetModel {
  readonly id: string;
  readonly state: WidgetState;
  readonly isClosed: boolean;
  /** Changes state here and in front ends; handlers run when a value differs. */
  set(changes: WidgetState): void;
  /** Sends a custom message. */
  readonly send: (content: unknown, buffers?: readonly Uint8Array[]) => void;
  /** Handlers run in the cell that made the model. Returns the function that takes the handler away. */
  on<Name extends keyof ModelEvents>(event: Name, handler: (value: ModelEvents[Name]) => unknown): () => void;
  close(): void;
}

/** Opens models. */
export interface WidgetHost {
  open(state: WidgetState): WidgetModel;
}

const TARGET = 'jupyter.widget';
const CONTROL_TARGET = 'jupyter.widget.control';
/** Versions of the two protocols that this speaks. */
const PROTOCOL = { version: '2.1.0' };
const CONTROL_PROTOCOL = { version: '1.0.0' };

/** Creates the host, and answers front ends that ask for all models, as they do after a page is reloaded. */
export function createWidgetHost(comms: Comms): WidgetHost {
  const models = new Map<string, WidgetModel>();
  comms.registerTarget(CONTROL_TARGET, (control) => {
    control.onMessage = (message) => {
      if (message.data['method'] !== 'request_states') return;
      const { state, ...rest } = encode(Object.fromEntries([...models].map(describeModel)));
      message.reply(
        { method: 'update_states', states: state, buffer_paths: rest.buffer_paths },
        { metadata: CONTROL_PROTOCOL, buffers: rest.buffers },
      );
    };
  });
  return {
    open: (state) => {
      const { buffers, ...data } = encode(state);
      const comm = comms.open(TARGET, data, { metadata: PROTOCOL, buffers });
      const model = createModel(comm, state);
      models.set(model.id, model);
      model.on('close', () => models.delete(model.id));
      return model;
    },
  };
}

const describeModel = ([id, { state }]: readonly [string, WidgetModel]): [string, WidgetState] => [
  id,
  {
    model_name: state['_model_name'],
    model_module: state['_model_module'],
    model_module_version: state['_model_module_version'],
    state,
  },
];

interface Encoded {
  readonly state: WidgetState;
  readonly buffer_paths: readonly BufferPath[];
  readonly buffers: readonly Uint8Array[];
}

function encode(values: WidgetState): Encoded {
  const { state, bufferPaths, buffers } = removeBuffers(values);
  return { state, buffer_paths: bufferPaths, buffers };
}

type Tell = <Name extends keyof ModelEvents>(event: Name, value: ModelEvents[Name]) => Promise<void>;

/** Handlers by event, each run as part of the comm's cell: one that throws keeps no other from running. */
function createEvents(comm: Comm): { readonly on: WidgetModel['on']; readonly tell: Tell } {
  type Handlers = { readonly [Name in keyof ModelEvents]: Set<(value: ModelEvents[Name]) => unknown> };
  const handlers: Handlers = { change: new Set(), custom: new Set(), close: new Set() };
  return {
    on: (event, handler) => {
      handlers[event].add(handler);
      return () => void handlers[event].delete(handler);
    },
    tell: async (event, value) => {
      await Promise.all([...handlers[event]].map((handler) => comm.run(() => handler(value))));
    },
  };
}

function createModel(comm: Comm, initial: WidgetState): WidgetModel {
  const state: Record<string, unknown> = { ...initial };
  const { on, tell } = createEvents(comm);
  let isClosed = false;

  const sendState = (method: string, values: WidgetState, send: Comm['send']): void => {
    const { buffers, ...data } = encode(values);
    send({ method, ...data }, { buffers });
  };
  /** Takes what differs; null when nothing does. */
  const take = (changes: WidgetState): WidgetState | null => {
    const differing = Object.entries(changes).filter(
      ([name, value]) => !isDeepStrictEqual(state[name], value),
    );
    const changed = Object.fromEntries(differing);
    Object.assign(state, changed);
    return differing.length > 0 ? changed : null;
  };
  const finish = (): void => {
    if (isClosed) return;
    isClosed = true;
    void tell('close', null);
  };
  const receive = async ({ data, buffers, reply }: CommMessage): Promise<void> => {
    if (data['method'] === 'request_state') sendState('update', state, reply);
    if (data['method'] === 'custom') await tell('custom', { content: data['content'], buffers });
    if (data['method'] !== 'update') return;
    const { state: sent = {}, buffer_paths: paths = [] } = data as Sent;
    const values = putBuffers(sent, paths, buffers);
    // Other front ends learn of it, and the sender that nothing newer is under way.
    sendState('echo_update', values, reply);
    const changed = take(values);
    if (changed) await tell('change', changed);
  };
  comm.onMessage = receive;
  comm.onClose = finish;

  return {
    id: comm.id,
    state,
    get isClosed() {
      return isClosed;
    },
    on,
    set: (changes) => {
      const changed = take(changes);
      if (!changed) return;
      if (!isClosed) sendState('update', changed, comm.send);
      void tell('change', changed);
    },
    send: (content, buffers = []) => comm.send({ method: 'custom', content }, { buffers }),
    close: () => {
      comm.close();
      finish();
    },
  };
}

/** What an update of a front end carries. */
interface Sent {
  readonly state?: Record<string, unknown>;
  readonly buffer_paths?: readonly BufferPath[];
}
