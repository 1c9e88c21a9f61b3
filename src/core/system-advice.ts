// What a failed system call means and what to do about it, by its error code: the one place for such
// texts. They go into the two halves of an error: `Cannot <verb> <thing>: <state>; <next step>`.
import { messageOf, systemCodeOf } from './errors.ts';

/** The state a system error reports, and the next step. Neither begins with a capital or ends with a stop. */
export interface SystemAdvice {
  readonly state: string;
  readonly nextStep: string;
}

const raiseOwnLimit =
  'raise the limit with `ulimit -n`, or with `LimitNOFILE=` in its systemd unit, and start it again';

const known: Readonly<Record<string, SystemAdvice>> = {
  ENOSPC: {
    state: 'no space is left on the device',
    nextStep: 'free some space there (`df -h`, and `df -i` for the number of files)',
  },
  EDQUOT: {
    state: "this user's disk quota is used up",
    nextStep: 'remove files of this user or have the quota raised (`quota -s`)',
  },
  EFBIG: {
    state: 'a file may not get that large here',
    nextStep: 'raise the file size limit (`ulimit -f`, or `LimitFSIZE=` in its systemd unit)',
  },
  EROFS: {
    state: 'the file system is mounted read-only',
    nextStep: 'remount it writable; a file system that turned read-only by itself needs `dmesg` and a check',
  },
  EACCES: {
    state: 'this user may not do that there',
    nextStep: 'check owner and mode of the file and of every folder above it (`namei -l`)',
  },
  EPERM: {
    state: 'the system does not permit it',
    nextStep: 'check its owner, its attributes (`lsattr`) and the rules of the container or security module',
  },
  EMFILE: {
    state: 'this process has reached its limit of open files',
    nextStep: raiseOwnLimit,
  },
  ENFILE: {
    state: 'the whole system has reached its limit of open files',
    nextStep: 'raise it with `sysctl fs.file-max`, or find the process that holds most of them (`lsof`)',
  },
  EIO: {
    state: 'the device answered with an input/output error',
    nextStep: 'look for the cause in `dmesg` and check the disk (`smartctl -a`)',
  },
  ENOTDIR: {
    state: 'a part of the path is a file, not a folder',
    nextStep: 'correct the path, or move that file away',
  },
  EISDIR: {
    state: 'it is a folder, not a file',
    nextStep: 'name a file in it',
  },
  ELOOP: {
    state: 'its symbolic links lead in a circle or are too many',
    nextStep: 'name the place itself, or correct the links (`namei -l`)',
  },
  ENAMETOOLONG: {
    state: 'the path or a name in it is too long for the file system',
    nextStep: 'choose a shorter path',
  },
  EEXIST: { state: 'something else has that name', nextStep: 'move it away, or choose another name' },
  ENOENT: {
    state: 'a part of the path does not exist',
    nextStep: 'create the folder, or correct the path',
  },
  EBUSY: { state: 'something else is using it', nextStep: 'stop what uses it (`fuser -v`), or retry' },
  ENOMEM: {
    state: 'the system has no memory left for it',
    nextStep: 'free some memory or raise the limit of its cgroup',
  },
};

/**
 * State and next step of a failed system call. The state of one that is not known is its own message.
 * @param cause a Node error with a code, or anything else that was thrown
 */
export function adviseOn(cause: unknown): SystemAdvice {
  const code = systemCodeOf(cause) ?? '';
  const advice = Object.hasOwn(known, code) ? known[code]! : null;
  if (!advice) return { state: messageOf(cause), nextStep: 'remove the cause, then retry' };
  return { state: `${advice.state} (${code})`, nextStep: advice.nextStep };
}

/** Reading and writing lack different things: what is to be read has to be there already. */
const readingNeeds: Readonly<Record<string, SystemAdvice>> = {
  ENOENT: { state: 'there is no such file', nextStep: 'correct the path' },
};

/** The same of something that should have been read. */
export function adviseOnReading(cause: unknown): SystemAdvice {
  const code = systemCodeOf(cause) ?? '';
  const advice = Object.hasOwn(readingNeeds, code) ? readingNeeds[code]! : null;
  return advice ? { ...advice, state: `${advice.state} (${code})` } : adviseOn(cause);
}
