// The journal on disk: start anew, append durably, cut what a failed write left. Bytes are apr-journal.ts.
import { openAppendFile } from '../../files/index.ts';
import type { AppendFile } from '../../files/index.ts';
import { writeStored } from '../durable-file.ts';
import { toStoreError } from '../errors.ts';
import { JOURNAL_HEAD_BYTES, encodeJournalHead } from './apr-journal.ts';
import type { JournalHead } from './apr-journal.ts';

/** Starts an empty journal; an older one under this name is replaced at once or not at all. */
export async function createJournal(path: string, head: JournalHead): Promise<AppendFile> {
  await writeStored(path, encodeJournalHead(head));
  return openJournal(path, JOURNAL_HEAD_BYTES);
}

/** Opens a journal for appending behind its last whole frame; what lies behind that is cut off. */
export async function openJournal(path: string, goodEnd: number): Promise<AppendFile> {
  return openAppendFile(path, goodEnd, { cutsTail: true }).catch((cause: unknown) => {
    throw toStoreError('open', path, cause);
  });
}

/** Appends frames and waits until the disk has them. @throws RuvectorError `ERR_STORE_DISK_FULL`, `ERR_STORE_IO` */
export async function appendToJournal(journal: AppendFile, path: string, frames: Uint8Array): Promise<void> {
  await journal.append(frames).catch((cause: unknown) => {
    throw toStoreError('append to', path, cause);
  });
}
