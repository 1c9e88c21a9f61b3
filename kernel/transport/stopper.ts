// Stops code that spins in the user's thread, from the protocol thread: in a loop of a cell, after an await,
// in a timer, in Atomics.wait. Terminates through V8's inspector only while user code is held on the stack
// (runtime/stop-point.ts), never what runs after it.
import { Session } from 'node:inspector';
import { setTimeout as delay } from 'node:timers/promises';
import { STOP_SLOT, shared, stop } from '../protocol/thread-messages.ts';

/** Code that is busy for a moment only gets to see the interrupt by itself. */
const GRACE_MS = 15;
/** Between two tries. */
const TRY_MS = 2;

/** Stops what spins. */
export interface Stopper {
  /** Tries until the user's event loop has seen the interrupt of that number. */
  stop(interrupt: number): Promise<void>;
  close(): void;
}

/** Connects to the user's thread. @param words memory shared with it */
export function createStopper(words: Int32Array): Stopper {
  const session = new Session();
  session.connectToMainThread();
  let isOpen = true;
  let last = 0;
  let stopping: Promise<void> | null = null;
  const isDone = (): boolean => !isOpen || Atomics.load(words, shared.SEEN_INTERRUPTS) >= last;

  /** It holds still: what is posted now is read before it goes on. */
  const terminateHeld = async (): Promise<void> => {
    await Atomics.waitAsync(words, shared.STOP, stop.NONE).value;
    if (Atomics.compareExchange(words, shared.STOP, stop.HELD, stop.POSTING) !== stop.HELD) return;
    session.post('Runtime.terminateExecution', () => {});
    Atomics.store(words, shared.STOP, stop.POSTED);
  };

  const tryOnce = (tries: number): Promise<void> => {
    void terminateHeld();
    const expression = `${STOP_SLOT}(${last}, ${tries})\n//# sourceURL=${STOP_SLOT}`;
    return new Promise((resolve) =>
      session.post('Runtime.evaluate', { expression }, () => {
        // Ends the waiting above where nothing was held.
        Atomics.notify(words, shared.STOP);
        resolve();
      }),
    );
  };

  const run = async (): Promise<void> => {
    for (let tries = 0; ; tries++) {
      await delay(tries === 0 ? GRACE_MS : TRY_MS);
      if (isDone()) return;
      await tryOnce(tries);
    }
  };
  return {
    stop: (interrupt) => {
      last = interrupt;
      stopping ??= run().finally(() => (stopping = null));
      return stopping;
    },
    close: () => {
      isOpen = false;
      session.disconnect();
    },
  };
}
