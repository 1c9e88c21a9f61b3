// Processes that cells started, and what those started: they end with the kernel. Found in /proc by three marks,
// because each can be lost: the parent (lost when it ends), the session (left by `detached`), and a variable that
// children inherit (kept out by `env`). On other systems they are left to themselves.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The variable that marks what a kernel started. */
const MARK = 'RUVECTOR_KERNEL_PROCESS';
/** How long processes may take to end by themselves. */
const TERM_MS = 2000;
const LOOK_MS = 20;

interface ProcessState {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since boot: tells a pid that was given out anew. */
  readonly startTicks: string;
  readonly isDead: boolean;
}

/** Marks what this process starts from now on. @param environment of the thread that starts them */
export function markDescendants(environment: NodeJS.ProcessEnv): void {
  environment[MARK] = `${process.pid}-${readState(process.pid)?.startTicks ?? '0'}`;
}

/** Asks everything that cells started to end, and ends what does not. */
export async function endDescendants(): Promise<void> {
  const known = new Map<number, string>();
  signal(known, 'SIGTERM');
  const deadlineMs = performance.now() + TERM_MS;
  while (isAnyLeft(known) && performance.now() < deadlineMs) await delay(LOOK_MS);
  // What they started meanwhile, too.
  signal(known, 'SIGKILL');
}

function signal(known: Map<number, string>, name: 'SIGTERM' | 'SIGKILL'): void {
  for (const { pid, startTicks } of listDescendants(known)) {
    known.set(pid, startTicks);
    try {
      process.kill(pid, name);
    } catch {
      // Ended meanwhile.
    }
  }
}

const isAnyLeft = (known: ReadonlyMap<number, string>): boolean =>
  [...known].some(([pid, startTicks]) => {
    const state = readState(pid);
    return state !== null && !state.isDead && state.startTicks === startTicks;
  });

/** @param known descendants by pid: what was one stays one when its parent has ended */
function listDescendants(known: ReadonlyMap<number, string>): ProcessState[] {
  const all = listProcesses();
  const self = all.get(process.pid);
  const mark = `${MARK}=${process.pid}-${self?.startTicks}`;
  const isOwnSession = self?.session === process.pid;
  const found = new Map<number, boolean>([[process.pid, true]]);
  const isOurs = (state: ProcessState): boolean => {
    const answered = found.get(state.pid);
    if (answered !== undefined) return answered;
    found.set(state.pid, false);
    const parent = all.get(state.parent);
    const answer =
      known.get(state.pid) === state.startTicks ||
      (isOwnSession && state.session === process.pid) ||
      (parent !== undefined && isOurs(parent)) ||
      hasMark(state.pid, mark);
    found.set(state.pid, answer);
    return answer;
  };
  return [...all.values()].filter((state) => state.pid !== process.pid && !state.isDead && isOurs(state));
}

function listProcesses(): Map<number, ProcessState> {
  const states = new Map<number, ProcessState>();
  for (const name of listNames()) {
    const state = /^\d+$/.test(name) ? readState(Number(name)) : null;
    if (state) states.set(state.pid, state);
  }
  return states;
}

function listNames(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
}

/** Fields 3, 4, 6 and 22 of /proc/PID/stat (proc_pid_stat(5)); the name before them may hold anything. */
function readState(pid: number): ProcessState | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      parent: Number(fields[1]),
      session: Number(fields[3]),
      startTicks: fields[19]!,
      isDead: fields[0] === 'Z' || fields[0] === 'X',
    };
  } catch {
    return null;
  }
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    // Of another user.
    return false;
  }
}
