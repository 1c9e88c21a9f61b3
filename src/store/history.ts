// The rolling history of a host: append now, durable within a second, sealed in Parquet within the
// hour, removed by age and size. One writer a directory, any number of readers. This opens
// it; the contract is history-contract.ts, the work directory-history.ts.
//
//   <directory>/lock.db, lock.json              lock.ts
//   <directory>/<kind>-<generation>.wal         wal-layout.ts
//   <directory>/segments/<kind>/*.parquet       segment-layout.ts
//   <directory>/clock.json                      history-clock.ts
//   *.corrupt-<ms>                              damaged files, kept for the user to look at
import { stat } from 'node:fs/promises';
import { recordKinds, systemClock } from '../core/index.ts';
import type { RecordKind } from '../core/index.ts';
import type { FileLock } from '../files/index.ts';
import { DirectoryHistory, kindNames } from './directory-history.ts';
import { makeDirectory } from './durable-file.ts';
import { noHistoryError } from './errors.ts';
import type { History, HistoryOptions } from './history-contract.ts';
import { acquireLock } from './lock.ts';
import { openHistoryClock } from './history-clock.ts';
import type { HistoryClock } from './history-clock.ts';
import { openKind } from './open-kind.ts';
import type { OpenedKind } from './open-kind.ts';

/**
 * Opens a history directory, created with mode 0700 when missing. Logs are replayed, torn tails cut,
 * damaged files set aside and reported in `problems`.
 * @throws RuvectorError `ERR_STORE_LOCKED` while another writer is alive, `ERR_STORE_NOT_FOUND` when
 *   readOnly finds no directory, `ERR_STORE_READ_ONLY`, `ERR_STORE_IO`
 */
export async function openHistory(directory: string, options: HistoryOptions = {}): Promise<History> {
  const lock = options.readOnly ? null : await prepareDirectory(directory);
  try {
    if (!lock) await requireDirectory(directory);
    const nowMs = (options.clock ?? systemClock).nowMs();
    const opened: OpenedKind[] = [];
    for (const name of kindNames) {
      opened.push(
        await openKind(directory, recordKinds[name] as RecordKind, { repair: lock !== null, nowMs }),
      );
    }
    const writer = lock && { lock, clock: await openClock(directory, options, opened) };
    const history = new DirectoryHistory(directory, options, writer, opened);
    if (writer) await history.startRetention();
    return history;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function openClock(
  directory: string,
  options: HistoryOptions,
  opened: readonly OpenedKind[],
): Promise<HistoryClock> {
  const readings = opened.flatMap(({ state }) => state.segments.map(({ historyMs }) => historyMs ?? 0));
  const leastMs = readings.reduce((most, reading) => Math.max(most, reading), 0);
  return openHistoryClock(directory, { clock: options.clock ?? systemClock, leastMs });
}

async function prepareDirectory(directory: string): Promise<FileLock> {
  await makeDirectory(directory);
  return acquireLock(directory);
}

async function requireDirectory(directory: string): Promise<void> {
  try {
    await stat(directory);
  } catch (cause) {
    throw noHistoryError(directory, cause);
  }
}
