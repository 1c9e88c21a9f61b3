// Whether the home is still this daemon's. The lock is SQLite's on an inode (store/lock.ts): when lock.db was removed
// or replaced, another daemon can lock a new one, and two would write one history.
import type { Home } from '../../core/index.ts';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import { homeLostError } from '../errors.ts';

const CHECK_MS = 2000;

/** Looks now and then, and calls back once with why the home is not ours any more. */
export function guardHome(home: Home, onLost: (error: Error) => void): Disposable {
  const path = join(home.history, 'lock.db');
  const { ino, dev } = statSync(path);
  const check = (): void => {
    const state = findLoss(path, ino, dev);
    if (state === null) return;
    clearInterval(timer);
    onLost(homeLostError(home.root, state));
  };
  const timer = setInterval(check, CHECK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function findLoss(path: string, ino: number, dev: number): string | null {
  try {
    const now = statSync(path);
    return now.ino === ino && now.dev === dev ? null : `"${path}" was replaced`;
  } catch (error) {
    // A disk that answers nothing for a while is not a home that went away.
    return systemCodeOf(error) === 'ENOENT' ? `"${path}" was removed` : null;
  }
}
