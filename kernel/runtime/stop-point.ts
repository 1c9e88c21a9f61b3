// Where user code that spins may be stopped. The protocol thread asks through V8's inspector, which calls
// this on top of whatever runs here; it holds that code still while the protocol thread posts the
// termination, so that the termination meets this code and nothing that would have come after it.
import { getCallSites } from 'node:util';
import { STOP_SLOT, shared, stop } from '../protocol/thread-messages.ts';
import { ownerOf } from './code-owner.ts';
import { Atomics, Object, Set, performance } from './primordials.ts';

const HOLD_MS = 1000;
const MOST_FRAMES = 200;
/** How often code that user code called is let go on before it is stopped. */
const PATIENT_TRIES = 10;
/** The kernel's own code that user code called is stopped only when it does not return. */
const DESPERATE_TRIES = 500;

/** What awaits of cells compile to: await-guards.ts. */
const AWAITS = new Set(['until', 'awaited', 'awaitedInTry', 'mark', 'resume', 'turn']);

interface Frame {
  readonly scriptName: string;
  readonly functionName: string;
}

/**
 * Installs the stop point.
 * @param words memory shared with the protocol thread
 */
export function installStopPoint(words: Int32Array): void {
  const now = performance.now.bind(performance);
  // Captured: cells may change globals.
  const { load, store, compareExchange, notify } = Atomics;
  Object.defineProperty(globalThis, STOP_SLOT, {
    value: (count: number, tries: number): void => {
      if (load(words, shared.SEEN_INTERRUPTS) >= count) return;
      if (!canStop(getCallSites(MOST_FRAMES), tries)) return;
      store(words, shared.STOP, stop.HELD);
      notify(words, shared.STOP);
      const endMs = now() + HOLD_MS;
      // Not Atomics.wait: the code below may be in one, and V8 has room for one a thread.
      while (load(words, shared.STOP) !== stop.POSTED) {
        if (now() < endMs) continue;
        if (compareExchange(words, shared.STOP, stop.HELD, stop.NONE) === stop.HELD) return;
      }
      store(words, shared.STOP, stop.NONE);
    },
  });
}

/**
 * Stops what the user wrote at once. What was called from there, or runs without it (a library's timer),
 * gets a moment to return, and the kernel's own code a long one. Node's own code by itself is the event loop at
 * work (it may be about to tell of this very interrupt): it is left alone, unless a timer of native code is all
 * that runs for a long time.
 */
function canStop(frames: readonly Frame[], tries: number): boolean {
  // Without the stop point and the question itself.
  const asked = frames.slice(2);
  const owners = asked.map(({ scriptName, functionName }) => {
    const owner = ownerOf(scriptName);
    // What `await` compiles to is as good as the cell itself.
    return owner === 'kernel' && AWAITS.has(functionName) ? 'user' : owner;
  });
  const first = owners.find((owner) => owner !== 'library' && owner !== 'node');
  if (owners[0] === 'user') return true;
  if (tries < PATIENT_TRIES) return false;
  if (first === 'kernel') return tries >= DESPERATE_TRIES && owners.includes('user');
  if (first === 'user' || owners.includes('library')) return true;
  return tries >= DESPERATE_TRIES && asked[0]?.scriptName === 'node:internal/timers';
}
