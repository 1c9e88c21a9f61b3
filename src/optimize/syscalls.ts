// pidfd_open and process_madvise through koffi, which is optional: loaded on first use.
// https://man7.org/linux/man-pages/man2/process_madvise.2.html
import { closeSync } from 'node:fs';
import { OptimizeError } from './errors.ts';

// include/uapi/asm-generic/unistd.h: both numbers are the same on x86_64 and arm64.
const SYS_PIDFD_OPEN = 434;
const SYS_PROCESS_MADVISE = 440;

/** Advice values of include/uapi/asm-generic/mman-common.h. */
export const ADVICE = { cold: 20, pageout: 21 } as const;
export type Advice = keyof typeof ADVICE;

/** Errno values the actuator tells apart; equal on x86_64 and arm64. */
export const ERRNO = {
  EPERM: 1,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EINVAL: 22,
  ENOSYS: 38,
} as const;

/** The most ranges one call takes (UIO_MAXIOV). */
export const MAX_RANGES = 1024;

/** A syscall's answer: its value, or -1 and the errno. */
export interface SyscallResult {
  readonly value: number;
  readonly errno: number;
}

/** The system calls of the actuator, replaceable in tests. */
export interface Syscalls {
  pidfdOpen(pid: number): SyscallResult;
  /** @param ranges pairs of address and length; empty asks only whether it is permitted */
  processMadvise(pidfd: number, ranges: BigUint64Array, advice: Advice): SyscallResult;
  close(fd: number): void;
}

/**
 * Loads the system calls.
 * @throws OptimizeError `ERR_OPTIMIZE_NO_SYSCALLS` off Linux, on another machine type or without koffi
 */
export async function createSyscalls(): Promise<Syscalls> {
  const host = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    const text = `Cannot load system calls on "${host}": process_madvise is known for Linux on x64 and arm64; use the other actuators`;
    throw new OptimizeError('ERR_OPTIMIZE_NO_SYSCALLS', text);
  }
  try {
    const { default: koffi } = await import('koffi');
    // Symbols of the running process, so any C library does.
    const libc = koffi.load(null);
    const open = libc.func('syscall', 'long', ['long', 'int', 'uint']);
    const madvise = libc.func('syscall', 'long', ['long', 'int', 'void *', 'size_t', 'int', 'uint']);
    const result = (value: unknown): SyscallResult => {
      const number = Number(value);
      return { value: number, errno: number < 0 ? koffi.errno() : 0 };
    };
    return {
      pidfdOpen: (pid) => result(open(SYS_PIDFD_OPEN, pid, 0)),
      processMadvise: (pidfd, ranges, advice) =>
        result(
          madvise(
            SYS_PROCESS_MADVISE,
            pidfd,
            ranges.length === 0 ? null : ranges,
            ranges.length / 2,
            ADVICE[advice],
            0,
          ),
        ),
      close: (fd) => closeSync(fd),
    };
  } catch (cause) {
    const text = `Cannot load system calls on "${host}": the optional package koffi is missing or does not load; run "npm install koffi"`;
    throw new OptimizeError('ERR_OPTIMIZE_NO_SYSCALLS', text, { cause });
  }
}
