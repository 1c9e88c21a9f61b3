// What `doctor` asks the running daemon and the disk under the home: whether rows are written, what was caught that
// should not be, how many files may be open, how many the disk can still take.
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import { parseOpenFilesLimit, readIfPossible } from '../../procfs/index.ts';
import { statfs } from 'node:fs/promises';
import type { Check } from './check.ts';
import type { HostStatus } from '../host/status-types.ts';

const MIN_FREE_FILES = 1000;
const MIN_OPEN_FILES = 4096;

/** The checks of what runs, and of the room it has. */
export const daemonChecks: readonly Check[] = [
  {
    name: 'Files on the disk',
    severity: 'limited',
    costs: 'no log or segment can be begun: rows wait in memory, then are given up',
    fix: 'remove files from the disk of the home, or choose another: --home /path/to/folder',
    look: async (home) => {
      const { files, ffree } = await statfs(home.root);
      // Some file systems count no inodes.
      if (files > 0 && ffree < MIN_FREE_FILES) throw new Error(`${home.root} can take ${ffree} more files`);
      return files > 0 ? `${ffree} more can be made` : 'this file system counts none';
    },
  },
  {
    name: 'Open files',
    severity: 'limited',
    costs: 'streams, exports and looks at large processes fail with EMFILE',
    fix: 'ulimit -n 65536   (in a service: LimitNOFILE=65536)',
    look: async (home) => {
      const status = await readStatus(home);
      const limit = readOpenFilesLimit(status?.pid ?? process.pid);
      if (limit === null) return 'no limit is known';
      if (limit < MIN_OPEN_FILES) throw new Error(`at most ${limit}`);
      return `at most ${limit}`;
    },
  },
  {
    name: 'History is written',
    severity: 'missing',
    costs: 'what is collected now is lost when the daemon ends',
    fix: 'as the problem says; it is written again as soon as it can be',
    look: async (home) => describeWriting(await readStatus(home)),
  },
  {
    name: 'Unexpected errors',
    severity: 'limited',
    costs: 'the daemon goes on, but something in it does not work as it should',
    fix: 'report it with the lines of the daemon’s log that say "unexpected error"',
    look: async (home) => {
      const status = await readStatus(home);
      if (!status) return 'no running host to look at';
      const count = status.faults.uncaughtErrors + status.faults.unhandledRejections;
      if (count > 0) throw new Error(`${count} that nobody caught, last: ${status.faults.last}`);
      return status.log.lost > 0 ? `none; ${status.log.lost} lines of the log could not be written` : 'none';
    },
  },
];

async function readStatus(home: Home): Promise<HostStatus | null> {
  await using client = await findDaemon(home.bridgeFile);
  return client && ((await client.request('status')).result as HostStatus);
}

/** The soft limit, which Node raises to the hard one at its start. */
const readOpenFilesLimit = (pid: number): number | null =>
  parseOpenFilesLimit(readIfPossible(`/proc/${pid}/limits`) ?? '');

/** What a daemon may say of its history beside the figures; an older one says nothing. */
interface WritingHealth {
  readonly isWriting?: boolean;
  readonly problem?: { readonly code?: string; readonly message?: string } | string | null;
  readonly pendingRows?: number;
  readonly droppedRows?: number;
}

/** @throws Error with the problem while rows are not written */
export function describeWriting(status: object | null): string {
  if (status === null) return 'no running host to look at';
  const { historyHealth, history } = status as { historyHealth?: WritingHealth; history?: WritingHealth };
  const health = historyHealth ?? history ?? {};
  const { isWriting = true, problem = null, pendingRows = 0, droppedRows = 0 } = health;
  const lost = droppedRows > 0 ? `, ${droppedRows} given up` : '';
  if (isWriting && problem === null) return `yes${lost}`;
  const why = typeof problem === 'string' ? problem : (problem?.message ?? 'it does not say why');
  throw new Error(`not now: ${pendingRows} rows wait${lost}; ${why}`);
}
