// Errors of the optimize room. A refusal or a failed action is data in the decision, not one of these.
import { RuvectorError, messageOf, systemCodeOf } from '../core/index.ts';

/** The codes this room throws or reports as data. */
export type OptimizeErrorCode =
  | 'ERR_OPTIMIZE_NO_SYSCALLS'
  | 'ERR_OPTIMIZE_INVALID_OPTION'
  | 'ERR_OPTIMIZE_CLOSED'
  | 'ERR_OPTIMIZE_PROCESS_GONE'
  | 'ERR_OPTIMIZE_NOT_PERMITTED'
  | 'ERR_OPTIMIZE_SYSCALL'
  | 'ERR_OPTIMIZE_RECLAIM'
  | 'ERR_OPTIMIZE_OVERRUN'
  | 'ERR_OPTIMIZE_ACTUATOR';

/** An error of the optimize room. */
export class OptimizeError extends RuvectorError {
  declare readonly code: OptimizeErrorCode;

  // Narrows the code, so that a misspelt one does not compile.
  // oxlint-disable-next-line no-useless-constructor
  constructor(
    code: OptimizeErrorCode,
    message: string,
    options?: ConstructorParameters<typeof RuvectorError>[2],
  ) {
    super(code, message, options);
  }
}

/** What a failed action leaves in a decision and in its event. */
export interface ActionFailure {
  readonly code: string;
  readonly message: string;
}

/** Turns anything thrown by an actuator into data. */
export function toActionFailure(error: unknown): ActionFailure {
  const code = error instanceof RuvectorError ? error.code : 'ERR_OPTIMIZE_ACTUATOR';
  return { code, message: messageOf(error) };
}

/** The package that makes system calls is not there. */
export function noKoffiError(host: string, cause: unknown): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_NO_SYSCALLS',
    `Cannot load system calls on "${host}": the optional package koffi is missing or does not load; run "npm install koffi"`,
    { cause },
  );
}

/** The numbers of the system calls are not known here. */
export function unknownMachineError(host: string): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_NO_SYSCALLS',
    `Cannot load system calls on "${host}": process_madvise is known for Linux on x64 and arm64; use the other actuators`,
  );
}

/** A tick after close. */
export function optimizerClosedError(): OptimizeError {
  return new OptimizeError('ERR_OPTIMIZE_CLOSED', 'Cannot decide: the optimizer is closed; create another');
}

/** All processes of root are no target. */
export function rootProcessesError(): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_INVALID_OPTION',
    'Cannot target the processes of "root": they are the whole system; name pids, names or cgroups',
  );
}

/** A target whose process id is none. */
export function pidError(pid: number): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_INVALID_OPTION',
    `Cannot target process "${pid}": it is not a process id; give a whole number above 0`,
  );
}

/** A target that madvise cannot be asked for. */
export function notAProcessError(target: string): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_ACTUATOR',
    `Cannot page out "${target}": it is not a process; name a process`,
  );
}

/** The process ended before anything was done, or another one has its id. */
export function processGoneError(target: string, state: string): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_PROCESS_GONE',
    `Cannot act on "${target}": ${state}; nothing was done`,
  );
}

/** What a system call answered instead of a number of bytes. */
export function madviseError(target: string, errno: number, name: string): OptimizeError {
  const what = `Cannot page out "${target}"`;
  const details = { errno };
  if (name === 'ESRCH')
    return new OptimizeError('ERR_OPTIMIZE_PROCESS_GONE', `${what}: it has ended; nothing more was done`, {
      details,
    });
  if (name === 'EPERM' || name === 'EACCES') {
    const text = `${what}: the kernel refuses (${name}); run as its user with CAP_SYS_NICE and ptrace access, or as root`;
    return new OptimizeError('ERR_OPTIMIZE_NOT_PERMITTED', text, { details });
  }
  if (name === 'ENOSYS')
    return new OptimizeError(
      'ERR_OPTIMIZE_NO_SYSCALLS',
      `${what}: this kernel has no process_madvise; use Linux 5.10 or later`,
      { details },
    );
  return new OptimizeError(
    'ERR_OPTIMIZE_SYSCALL',
    `${what}: process_madvise gave ${name}; the range was skipped`,
    { details },
  );
}

/** An action that did not end in time. */
export function overrunError(actuator: string, timeoutMs: number): OptimizeError {
  const text = `Cannot finish the action of "${actuator}": it ran longer than ${timeoutMs} ms; it was told to stop`;
  return new OptimizeError('ERR_OPTIMIZE_OVERRUN', text);
}

/** What writing memory.reclaim failed with. */
export function reclaimError(target: string, suffix: string, cause: unknown): OptimizeError {
  const hint =
    systemCodeOf(cause) === 'EINVAL' && suffix !== ''
      ? 'this kernel cannot be told to spare anonymous memory, which frees nothing here; use zram or Linux 6.9'
      : 'check that it exists and may be written';
  const text = `Cannot reclaim from "${target}": ${messageOf(cause)}; ${hint}`;
  return new OptimizeError('ERR_OPTIMIZE_RECLAIM', text, { cause });
}

/** A target that has no memory.reclaim. */
export function notACgroupError(target: string): OptimizeError {
  return new OptimizeError(
    'ERR_OPTIMIZE_ACTUATOR',
    `Cannot reclaim from "${target}": it is not a cgroup; name a cgroup v2 folder`,
  );
}
