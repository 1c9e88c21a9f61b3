// What a benchmark changed on the host is put back in every exit path: normally, on an exception, on
// SIGINT and SIGTERM. Steps run last first and are synchronous, because `exit` waits for nothing.
const steps: (() => void)[] = [];
let isWatching = false;

/** Registers how to put something back. @returns runs it now, once */
export function undoAtExit(step: () => void): () => void {
  watch();
  steps.push(step);
  return () => {
    const at = steps.indexOf(step);
    if (at < 0) return;
    steps.splice(at, 1);
    step();
  };
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  process.on('exit', undoAll);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code));
  }
}

function undoAll(): void {
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    try {
      step();
    } catch (error) {
      process.stderr.write(`Cannot put the host back: ${String(error)}\n`);
    }
  }
}

/** Blocks for a moment: for steps that may not be asynchronous. */
export function waitSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Ends a process and waits until it is gone, for at most 5 s. */
export function killSync(pid: number): void {
  for (let i = 0; i < 500; i++) {
    try {
      process.kill(pid, i === 0 ? 'SIGKILL' : 0);
    } catch {
      return; // gone
    }
    waitSync(10);
  }
}
