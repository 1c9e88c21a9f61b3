// What may be acted on. A process is its pid and its start time together: a pid alone is recycled.

/** One process, pinned to its start time. */
export interface ProcessTarget {
  readonly kind: 'process';
  readonly pid: number;
  /** Field 22 of /proc/PID/stat; with the pid it names one process for ever. */
  readonly startTimeTicks: number;
  readonly name: string;
  readonly uid: number;
}

/** One cgroup v2 folder, e.g. `/sys/fs/cgroup/user.slice/app.scope`. */
export interface CgroupTarget {
  readonly kind: 'cgroup';
  readonly path: string;
}

/** Our own process, only when the user asks for it. */
export interface SelfTarget {
  readonly kind: 'self';
}

export type Target = ProcessTarget | CgroupTarget | SelfTarget;

/** What the user allows; nothing that is not named here is ever touched. */
export interface TargetSpec {
  /** Process ids, pinned to the process that has the id when it is first seen, or pinned by the caller. */
  readonly pids?: readonly (number | { readonly pid: number; readonly startTimeTicks: number })[];
  /**
   * Exact command names: the `comm` of /proc/PID/stat, 15 bytes at most, or, where that only names the first thread
   * (`MainThread` of Node.js), the file name of the program.
   */
  readonly names?: readonly string[];
  /** Folders of cgroups: v2 is acted on as a whole, of any other the processes in it. */
  readonly cgroups?: readonly string[];
  /** Every process of the user we run as; refused for root. @default false */
  readonly ownUid?: boolean;
  /** Our own process (garbage collection). @default false */
  readonly self?: boolean;
}

/** A key that survives pid reuse. */
export function targetKey(target: Target): string {
  if (target.kind === 'process') return `process:${target.pid}:${target.startTimeTicks}`;
  return target.kind === 'cgroup' ? `cgroup:${target.path}` : 'self';
}

/** How a target is named to a reader. */
export function describeTarget(target: Target): string {
  if (target.kind === 'process') return `process ${target.pid} (${target.name})`;
  return target.kind === 'cgroup' ? `cgroup ${target.path}` : 'our own process';
}
