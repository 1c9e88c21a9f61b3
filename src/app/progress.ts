// How far a command is. Apart from terminal.ts, because a daemon that draws nothing shall not load what draws.
import { startProgress as startBar } from '../client/index.ts';

/** A progress bar on standard error; nothing is drawn when that is not a terminal. */
export interface Progress extends Disposable {
  update(done: number, note?: string): void;
}

/** Starts a bar over `total` units; it stays until it is disposed. */
export function startProgress(total: number, title: string): Progress {
  const bar = startBar(title, total);
  return { update: (done, note) => bar.update(done, note), [Symbol.dispose]: () => bar.finish() };
}
