// What processes cost, from /proc: CPU time, resident memory, major faults. No code of the product.
import { readFileSync, readdirSync } from 'node:fs';

/** Figures of some processes together. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Resident anonymous memory alone: what nobody shares. */
  readonly anonBytes: number;
  readonly majorFaults: number;
}

const TICK_MS = 10; // USER_HZ is 100 on every architecture Node runs on
const KIB = 1024;

/** Reads one process; null when it has ended. */
function readUsage(pid: number): Usage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields from the third on: the name before them may hold anything. proc(5): 12 majflt, 14 utime, 15 stime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      rssBytes: kib('VmRSS') * KIB,
      anonBytes: kib('RssAnon') * KIB,
      majorFaults: Number(fields[9]),
    };
  } catch {
    return null;
  }
}

const NOTHING: Usage = { cpuMs: 0, rssBytes: 0, anonBytes: 0, majorFaults: 0 };

/** Sums up processes; those that have ended count nothing. */
export function sumUsage(pids: readonly number[]): Usage {
  return pids
    .map((pid) => readUsage(pid) ?? NOTHING)
    .reduce(
      (sum, one) => ({
        cpuMs: sum.cpuMs + one.cpuMs,
        rssBytes: sum.rssBytes + one.rssBytes,
        anonBytes: sum.anonBytes + one.anonBytes,
        majorFaults: sum.majorFaults + one.majorFaults,
      }),
      NOTHING,
    );
}

/** A process and all its descendants. */
export function listTree(rootPid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // ended meanwhile
    }
  }
  const tree = [rootPid];
  // Grows while it is walked: children of children follow.
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}
