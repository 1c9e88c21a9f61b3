// pidfd_open and process_madvise through koffi, which is optional: loaded on first use.
// https://man7.org/linux/man-pages/man2/process_madvise.2.html
import { closeSync } from 'node:fs';
import { noKoffiError, unknownMachineError } from './errors.ts';

// include/uapi/asm-generic/unistd.h: both numbers are the same on x86_64 and arm64.
const SYS_PIDFD_OPEN = 434;
const SYS_PROCESS_MADVISE = 440;

/** Advice values of include/uapi/asm-generic/mman-common.h. */
export const ADVICE = { willneed: 3, cold: 20, pageout: 21 } as const;
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

// include/uapi/asm-generic/mman-common.h
const PROT_READ = 1;
const MAP_SHARED = 1;
// include/uapi/linux/fadvise.h; the same on x86_64 and arm64.
const POSIX_FADV_DONTNEED = 4;

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
  /**
   * Reads one byte at each address of another process (process_vm_readv), which brings the page back.
   * @param addresses at most {@link MAX_RANGES}
   */
  touchPages(pid: number, addresses: readonly number[]): SyscallResult;
  /**
   * Which pages of a file are in the page cache (mincore): one byte a page, bit 0 set when it is.
   * Null when the file cannot be asked.
   */
  readCachedPages(fd: number, offsetBytes: number, lengthBytes: number): Uint8Array | null;
  /** Drops the clean pages of a file that nobody maps (posix_fadvise DONTNEED). */
  dropCached(fd: number, offsetBytes: number, lengthBytes: number): void;
  close(fd: number): void;
}

/**
 * Loads the system calls.
 * @throws OptimizeError `ERR_OPTIMIZE_NO_SYSCALLS` off Linux, on another machine type or without koffi
 */
export async function createSyscalls(): Promise<Syscalls> {
  const host = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw unknownMachineError(host);
  }
  try {
    const { default: koffi } = await import('koffi');
    // Symbols of the running process, so any C library does.
    const libc = koffi.load(null);
    const open = libc.func('syscall', 'long', ['long', 'int', 'uint']);
    const madvise = libc.func('syscall', 'long', ['long', 'int', 'void *', 'size_t', 'int', 'uint']);
    const readv = libc.func('process_vm_readv', 'long', [
      'int',
      'void *',
      'ulong',
      'void *',
      'ulong',
      'ulong',
    ]);
    const mmap = libc.func('mmap', 'int64', ['int64', 'size_t', 'int', 'int', 'int', 'int64']);
    const munmap = libc.func('munmap', 'int', ['int64', 'size_t']);
    const mincore = libc.func('mincore', 'int', ['int64', 'size_t', 'void *']);
    const fadvise = libc.func('posix_fadvise', 'int', ['int', 'int64', 'int64', 'int']);
    const byte = new Uint8Array(MAX_RANGES);
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
      touchPages: (pid, addresses) => {
        const remote = new BigUint64Array(2 * addresses.length);
        addresses.forEach((address, i) => {
          remote[2 * i] = BigInt(address);
          remote[2 * i + 1] = 1n;
        });
        const local = new BigUint64Array([koffi.address(byte), BigInt(addresses.length)]);
        return result(readv(pid, local, 1, remote, addresses.length, 0));
      },
      readCachedPages: (fd, offsetBytes, lengthBytes) => {
        const address: bigint | number = mmap(0, lengthBytes, PROT_READ, MAP_SHARED, fd, offsetBytes);
        if (Number(address) < 0) return null;
        const pages = new Uint8Array(Math.ceil(lengthBytes / 4096));
        const answer = mincore(address, lengthBytes, pages);
        munmap(address, lengthBytes);
        return answer === 0 ? pages : null;
      },
      dropCached: (fd, offsetBytes, lengthBytes) => {
        fadvise(fd, offsetBytes, lengthBytes, POSIX_FADV_DONTNEED);
      },
      close: (fd) => closeSync(fd),
    };
  } catch (cause) {
    throw noKoffiError(host, cause);
  }
}
