// What the protocol thread and the user's thread say to each other: messages, and the words of
// memory that both see. No code.
import type { JsonObject } from './message.ts';

/** To the user's thread. */
export type ToUserThread =
  | {
      readonly type: 'execute';
      /** msg_id of the request: names the cell that output belongs to. */
      readonly parent: string;
      readonly code: string;
      readonly executionCount: number;
      readonly silent: boolean;
      readonly allowStdin: boolean;
      readonly userExpressions: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'comm';
      readonly parent: string;
      readonly msgType: 'comm_open' | 'comm_msg' | 'comm_close';
      readonly content: JsonObject;
      readonly metadata: JsonObject;
      readonly buffers: readonly Uint8Array[];
    }
  | { readonly type: 'interrupt'; readonly count: number }
  | { readonly type: 'exit' };

/** An iopub message of a cell. */
export interface Publish {
  readonly type: 'publish';
  readonly parent: string;
  readonly msgType: string;
  readonly content: JsonObject;
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Uint8Array[];
}

/** To the protocol thread. Messages arrive in the order they were posted. */
export type ToProtocolThread =
  | Publish
  /** A cell has ended; its last message comes with that, because waking a thread takes as long as a short cell. */
  | {
      readonly type: 'done';
      readonly parent: string;
      readonly reply: JsonObject;
      readonly last: Publish | null;
    }
  | {
      readonly type: 'input';
      readonly parent: string;
      readonly prompt: string;
      readonly password: boolean;
    }
  /** Read what stands in the descriptors of the process, and count this in NATIVE_READS. */
  | { readonly type: 'native' }
  /** The process exits: send what is queued. */
  | { readonly type: 'exiting' }
  /** A comm message was handled. */
  | { readonly type: 'comm-done'; readonly parent: string };

/** Layout of the memory both threads see (Int32). */
export const shared = {
  /** How far the stopping of spinning code is: one of `stop`. */
  STOP: 0,
  /** 0 idle, 1 waiting for input, 2 answered, 3 interrupted. */
  INPUT: 1,
  /** Length of the answer in bytes. */
  INPUT_LENGTH: 2,
  /** Bumped by each interrupt. */
  INTERRUPTS: 3,
  /** Cells that run. */
  BUSY: 4,
  /** The last interrupt the user's event loop has seen. */
  SEEN_INTERRUPTS: 5,
  /** 1 once the protocol thread has sent everything and holds the process no longer. */
  RELEASED: 6,
  /** Descriptor of the standard error that the process began with; 0 while that is number 2. */
  REAL_STDERR: 7,
  /** How often the protocol thread has read the descriptors because the user's thread asked. */
  NATIVE_READS: 8,
} as const;
export const SHARED_WORDS = 9;
/** Steps of stopping: user code is held still, the termination is being posted, was posted. */
export const stop = { NONE: 0, HELD: 1, POSTING: 2, POSTED: 3 } as const;
/** The global at which the user's thread can be held still: cells can neither replace nor declare it. */
export const STOP_SLOT = '$kernelStop';
/** The global by which a debugger asks the user's thread (runtime/debug-point.ts). */
export const DEBUG_SLOT = '$kernelDebug';
/** Bytes of the answer to an input request that fit. */
export const INPUT_BYTES = 1 << 20;
