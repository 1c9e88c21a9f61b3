// How far a call is: drawn by the kernel in a notebook, by cli-progress on a terminal, nowhere else.
import cliProgress from 'cli-progress';

/** A bar that is being drawn. */
export interface ProgressBar {
  /** @param done out of the bar's total @param note a few words behind it */
  update(done: number, note?: string): void;
  /** Draws the last state; `note` replaces the words, and stays on a terminal where the bar goes. */
  finish(note?: string): void;
}

/** Starts a bar over `total` units. */
export type StartProgress = (title: string, total: number) => ProgressBar;

/** The port: a kernel sets `globalThis[Symbol.for('ruvector.kernel.progress')]` to a {@link StartProgress}. */
const progressSymbol = Symbol.for('ruvector.kernel.progress');

/** Starts a bar where one can be seen; it goes at the end of the block that holds it with `using`. */
export function startProgress(title: string, total: number): ProgressBar & Disposable {
  const bar = drawBar(title, total);
  return {
    update: (done, note) => bar.update(done, note),
    finish: (note) => bar.finish(note),
    [Symbol.dispose]: () => bar.finish(),
  };
}

function drawBar(title: string, total: number): ProgressBar {
  const drawn = (globalThis as Record<symbol, unknown>)[progressSymbol];
  if (typeof drawn === 'function') return (drawn as StartProgress)(title, total);
  return process.stderr.isTTY ? startTerminalBar(title, total) : silent;
}

/** Says one line: as plain output in a notebook, where stderr is shown as something gone wrong. */
export function say(line: string): void {
  const isNotebook = typeof (globalThis as Record<symbol, unknown>)[progressSymbol] === 'function';
  (isNotebook ? process.stdout : process.stderr).write(`${line}\n`);
}

const silent: ProgressBar = { update: () => {}, finish: () => {} };

function startTerminalBar(title: string, total: number): ProgressBar {
  const bar = new cliProgress.SingleBar(
    {
      format: `${title} {bar} {percentage}% {note}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note = '') => bar.update(Math.min(done, total), { note }),
    finish: (note) => {
      bar.stop();
      if (note !== undefined) process.stderr.write(`${title}: ${note}\n`);
    },
  };
}
