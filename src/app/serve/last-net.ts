// The last net under `serve`: an error that nobody caught, out of one connection or a task in the background, is
// logged and counted, and sampling goes on. A state in which going on would harm ends the process in order instead:
// no memory, or a history that is not ours any more (home-guard.ts). docs/design.md says which is which.
import { messageOf, systemCodeOf } from '../../core/index.ts';

/** Errors that nobody caught. */
export interface Faults {
  readonly uncaughtErrors: number;
  readonly unhandledRejections: number;
  /** The newest of them in one line. */
  readonly last: string | null;
}

const faults: { -readonly [K in keyof Faults]: Faults[K] } = {
  uncaughtErrors: 0,
  unhandledRejections: 0,
  last: null,
};

/** Those of this process since its start; more than none is a bug to report. */
export const readFaults = (): Faults => ({ ...faults });

/** Options of {@link installLastNet}. */
export interface LastNetOptions {
  readonly log: (text: string) => void;
  /** Called for a state in which going on would harm. */
  readonly onBroken: (error: unknown) => void;
}

/** Catches what nobody caught, and Node's own warnings, until disposed. */
export function installLastNet({ log, onBroken }: LastNetOptions): Disposable {
  const catchError =
    (counter: 'uncaughtErrors' | 'unhandledRejections') =>
    (error: unknown): void => {
      faults[counter]++;
      faults.last = describeFault(error);
      if (isOutOfMemory(error)) onBroken(error);
      else log(`unexpected error, going on: ${faults.last}`);
    };
  const onError = catchError('uncaughtErrors');
  const onRejection = catchError('unhandledRejections');
  const warn = (warning: Error): void => log(`${warning.name}: ${warning.message}`);
  // Node prints warnings itself, without a limit and waiting for whoever reads.
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('uncaughtException', onError).on('unhandledRejection', onRejection).on('warning', warn);
  return {
    [Symbol.dispose]: () => {
      process.off('uncaughtException', onError).off('unhandledRejection', onRejection).off('warning', warn);
      for (const printer of printers) process.on('warning', printer);
    },
  };
}

/** One line with where it came from: the stack's first lines, without the folders of this installation. */
function describeFault(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const where = frames.slice(0, 4).map((frame) => frame.trim());
  const code = systemCodeOf(error) ?? (error instanceof Error ? error.name : 'rejected with');
  const text = messageOf(error).includes(code) ? messageOf(error) : `${code}: ${messageOf(error)}`;
  return where.length === 0 ? text : `${text} (${where.join(' ')})`;
}

/** V8 ends the process itself when its heap is full; these are allocations outside of it. */
export function isOutOfMemory(error: unknown): boolean {
  const code = systemCodeOf(error) ?? '';
  if (code === 'ENOMEM' || code.endsWith('_MEMORY_ALLOCATION_FAILED')) return true;
  return error instanceof RangeError && /allocation failed/i.test(error.message);
}
