// Comms: named channels between cells and widgets in the front end, both ways.
import { randomUUID } from 'node:crypto';
import { textOf } from '../protocol/message.ts';
import type { Output } from './output.ts';

/** One message of a comm. */
export interface CommMessage {
  readonly data: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

/** An open comm. Handlers may be set at any time; what they throw is shown under the cell that opened it. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  send(data: Record<string, unknown>, options?: Partial<Omit<CommMessage, 'data'>>): void;
  close(data?: Record<string, unknown>): void;
  onMessage: ((message: CommMessage) => unknown) | null;
  onClose: ((message: CommMessage) => unknown) | null;
}

/** Called when a front end opens a comm to a target. */
export type CommTarget = (comm: Comm, message: CommMessage) => unknown;

/** The comms of one kernel. */
export interface Comms {
  open(
    target: string,
    data?: Record<string, unknown>,
    options?: Partial<Omit<CommMessage, 'data'>> & { readonly id?: string },
  ): Comm;
  /** Accepts comms that front ends open; those to unknown targets are closed. */
  registerTarget(target: string, accept: CommTarget): void;
  /** Takes a message of the front end. */
  receive(msgType: string, content: Record<string, unknown>, rest: Omit<CommMessage, 'data'>): Promise<void>;
}

/** Creates the registry. */
export function createComms(output: Output): Comms {
  const open = new Map<string, Comm & { parent: string }>();
  const targets = new Map<string, CommTarget>();

  const build = (id: string, target: string): Comm & { parent: string } => {
    const comm = {
      id,
      target,
      parent: output.parent,
      onMessage: null as Comm['onMessage'],
      onClose: null as Comm['onClose'],
      send: (data: Record<string, unknown>, options: Partial<Omit<CommMessage, 'data'>> = {}) =>
        output.publish('comm_msg', { comm_id: id, data }, options),
      close: (data: Record<string, unknown> = {}) => {
        if (open.delete(id)) output.publish('comm_close', { comm_id: id, data });
      },
    };
    open.set(id, comm);
    return comm;
  };

  return {
    open: (target, data = {}, { id = randomUUID(), ...options } = {}) => {
      const comm = build(id, target);
      output.publish('comm_open', { comm_id: id, target_name: target, data }, options);
      return comm;
    },
    registerTarget: (target, accept) => void targets.set(target, accept),
    receive: async (msgType, content, rest) => {
      const id = textOf(content, 'comm_id');
      const message = { data: (content['data'] ?? {}) as Record<string, unknown>, ...rest };
      if (msgType === 'comm_open') {
        const target = textOf(content, 'target_name');
        const accept = targets.get(target);
        if (accept) await accept(build(id, target), message);
        else output.publish('comm_close', { comm_id: id, data: {} });
        return;
      }
      const comm = open.get(id);
      if (!comm) return;
      if (msgType === 'comm_msg') await comm.onMessage?.(message);
      else {
        open.delete(id);
        await comm.onClose?.(message);
      }
    },
  };
}
