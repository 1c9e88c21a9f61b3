// Comms: named channels between cells and widgets in the front end, both ways.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { textField } from '../protocol/message.ts';
import type { CellRuns } from './cell-runs.ts';
import type { Output } from './output.ts';
import type { ErrorContent } from './traceback.ts';
import { Map } from './primordials.ts';

/** What a message carries besides its data. */
export interface CommParts {
  readonly metadata: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

type Send = (data: Record<string, unknown>, parts?: Partial<CommParts>) => void;

/** One message of a front end. */
export interface CommMessage extends CommParts {
  readonly data: Record<string, unknown>;
  /** Sends under this message instead of under the cell: how a front end knows its own echo. */
  readonly reply: Send;
}

/** An open comm. Handlers may be set at any time; what they write and throw shows under the cell that opened it. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  readonly send: Send;
  close(data?: Record<string, unknown>): void;
  /** Runs code as part of the cell that opened the comm; never rejects: what it throws is shown there. */
  run(work: () => unknown): Promise<void>;
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
    options?: Partial<CommParts> & { readonly id?: string },
  ): Comm;
  /** Accepts comms that front ends open; those to unknown targets are closed. */
  registerTarget(target: string, accept: CommTarget): void;
  /** Takes a message of the front end. */
  receive(msgType: string, content: Record<string, unknown>, parts: CommParts): Promise<void>;
}

/**
 * Creates the registry.
 * @param describe content of what a handler threw, with its places in the cells
 */
export function createComms(
  output: Output,
  describe: (error: unknown) => ErrorContent,
  runs: Pick<CellRuns, 'carry'>,
): Comms {
  const open = new Map<string, Comm>();
  const targets = new Map<string, CommTarget>();

  const build = (id: string, target: string): Comm => {
    const comm = createComm({ id, target, output, describe, runs, forget: () => open.delete(id) });
    open.set(id, comm);
    return comm;
  };

  return {
    open: (target, data = {}, { id = randomUUID(), ...parts } = {}) => {
      const comm = build(id, target);
      output.publish('comm_open', { comm_id: id, target_name: target, data }, parts);
      return comm;
    },
    registerTarget: (target, accept) => void targets.set(target, accept),
    receive: async (msgType, content, { metadata, buffers }) => {
      const id = textField(content, 'comm_id');
      const underMessage = AsyncLocalStorage.snapshot();
      const messageOf = (comm: Comm): CommMessage => ({
        data: (content['data'] ?? {}) as Record<string, unknown>,
        metadata,
        buffers,
        reply: (data, parts) => underMessage(() => comm.send(data, parts)),
      });
      if (msgType === 'comm_open') {
        const target = textField(content, 'target_name');
        const accept = targets.get(target);
        if (!accept) return output.publish('comm_close', { comm_id: id, data: {} });
        const opened = build(id, target);
        return opened.run(() => accept(opened, messageOf(opened)));
      }
      const comm = open.get(id);
      if (!comm) return;
      if (msgType === 'comm_msg') return comm.run(() => comm.onMessage?.(messageOf(comm)));
      open.delete(id);
      await comm.run(() => comm.onClose?.(messageOf(comm)));
    },
  };
}

/** One comm, which belongs to the cell that runs now. */
function createComm(options: {
  readonly id: string;
  readonly target: string;
  readonly output: Output;
  readonly describe: (error: unknown) => ErrorContent;
  readonly runs: Pick<CellRuns, 'carry'>;
  readonly forget: () => boolean;
}): Comm {
  const { id, target, output, describe, runs, forget } = options;
  const inCell = AsyncLocalStorage.snapshot();
  return {
    id,
    target,
    onMessage: null,
    onClose: null,
    send: (data, parts = {}) => output.publish('comm_msg', { comm_id: id, data }, parts),
    close: (data = {}) => {
      if (forget()) output.publish('comm_close', { comm_id: id, data });
    },
    run: (work) => {
      // Writes below its cell, and is interrupted by itself.
      const inRun = runs.carry();
      return inCell(async () => {
        try {
          await inRun(async () => work());
        } catch (error) {
          output.publish('error', { ...describe(error) });
        }
      });
    },
  };
}
