// Gives a child process a wall clock that is wrong and can be set while it runs: wrong-clock.c, compiled into a
// temporary folder. Everything else about the process stays real. Linux with gcc or cc.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A wall clock that a process is started with. */
export interface WrongClock extends AsyncDisposable {
  /** To be added to the environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the clock of a running process, or of one to be started: how far it is ahead; negative is behind. */
  set(aheadMs: number): void;
}

/** Compiles the library; the clock is right until it is set. */
export async function createWrongClock(aheadMs = 0): Promise<WrongClock> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-clock-'));
  const library = join(folder, 'wrong-clock.so');
  const file = join(folder, 'offset');
  const source = join(import.meta.dirname, 'wrong-clock.c');
  const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, source, '-ldl'];
  await promisify(execFile)('cc', flags);
  const set = (ms: number): void => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(ms)) * 1_000_000n);
    // In place: the process has this file mapped.
    writeFileSync(file, bytes, { flag: 'r+' });
  };
  writeFileSync(file, Buffer.alloc(8));
  set(aheadMs);
  return {
    env: { LD_PRELOAD: library, WRONG_CLOCK_FILE: file },
    set,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
