// Publications of a home: each runs in a process of its own and says in a small file how far it is and what became of it,
// so that the daemon can show it. A help for the eye: that nothing can be written there keeps no publication from being made.
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, messageOf, partOf, readStartTicks } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import type { PublishProgress, PublishReport } from '../../export/publish/index.ts';
import { makeFolder } from '../../files/index.ts';

/** One publication. Plain JSON. */
export interface LoggedPublication {
  readonly id: string;
  /** A folder, or `history`. */
  readonly dataset: string;
  readonly target: string;
  readonly pid: number;
  /** Of the process, in ticks since boot: a number is given again. Null where that cannot be told. */
  readonly startTicks: number | null;
  readonly startedMs: number;
  readonly state: 'running' | 'done' | 'failed';
  readonly endedMs: number | null;
  /** Null before the first step. */
  readonly progress: PublishProgress | null;
  readonly result: PublicationResult | null;
  readonly error: string | null;
}

/** What was published. */
export interface PublicationResult {
  readonly name: string;
  readonly version: string;
  readonly change: PublishReport['change'];
  readonly rows: number;
  readonly sizeBytes: number;
  readonly isAnonymized: boolean;
  /** That was reached; null where nobody could be told apart. */
  readonly k: number | null;
  readonly isSigned: boolean;
}

const MAX_PUBLICATIONS = 50;
/** A longer one is written by somebody else. */
const MAX_BYTES = 65_536;
const WRITE_EVERY_MS = 500;

const folderOf = (home: Home): string => partOf(home, 'publications');

/** Runs a publication and notes what becomes of it; rejects as `run` does. */
export async function watchPublication<Report extends PublishReport>(
  home: Home,
  what: Pick<LoggedPublication, 'dataset' | 'target'>,
  run: (onProgress: (progress: PublishProgress) => void) => Promise<Report>,
): Promise<Report> {
  const write = await createWriter(home);
  const begun: LoggedPublication = {
    id: randomUUID(),
    ...what,
    pid: process.pid,
    startTicks: readStartTicks(process.pid),
    startedMs: Date.now(),
    state: 'running',
    endedMs: null,
    progress: null,
    result: null,
    error: null,
  };
  let current = begun;
  let writtenMs = performance.now();
  const change = (news: Partial<LoggedPublication>): Promise<void> =>
    write((current = { ...current, ...news }));
  await write(begun);
  try {
    const report = await run((progress) => {
      if (performance.now() - writtenMs < WRITE_EVERY_MS) return;
      writtenMs = performance.now();
      void change({ progress });
    });
    await change({ state: 'done', endedMs: Date.now(), result: resultOf(report) });
    return report;
  } catch (error) {
    await change({ state: 'failed', endedMs: Date.now(), error: messageOf(error) });
    throw error;
  }
}

function resultOf({
  name,
  version,
  change,
  tables,
  sizeBytes,
  privacy,
  keyFingerprint,
}: PublishReport): PublicationResult {
  const counts = Object.values(tables).flatMap((splits) => Object.values(splits));
  return {
    name,
    version,
    change,
    rows: counts.reduce((sum, count) => sum + count, 0),
    sizeBytes,
    isAnonymized: privacy.anonymized,
    k: privacy.k ?? null,
    isSigned: keyFingerprint !== null,
  };
}

/** Writes one after the other; nothing where there is no home yet, for looking shall not make one. */
async function createWriter(home: Home): Promise<(publication: LoggedPublication) => Promise<void>> {
  const folder = folderOf(home);
  const isThere = await stat(home.root)
    .then(
      () => makeFolder(folder, 0o700).then(() => true),
      () => false,
    )
    .catch(() => false);
  if (!isThere) return async () => undefined;
  let writing = Promise.resolve();
  return (publication) => {
    const path = join(folder, `${publication.startedMs}-${publication.id}.json`);
    const put = async (): Promise<void> => {
      await writeFile(`${path}.tmp`, JSON.stringify(publication), { mode: 0o600 });
      await rename(`${path}.tmp`, path);
    };
    // A full disk is told by what publishes.
    writing = writing.then(put).catch(() => undefined);
    return writing;
  };
}

/** All that are known, the newest first; the oldest of too many are removed. One whose process is gone has failed. */
export async function readPublications(home: Home): Promise<LoggedPublication[]> {
  const folder = folderOf(home);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
  const ordered = names.toSorted((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  for (const old of ordered.slice(MAX_PUBLICATIONS))
    await rm(join(folder, old), { force: true }).catch(() => undefined);
  const read = await Promise.all(
    ordered.slice(0, MAX_PUBLICATIONS).map((name) => readOne(join(folder, name))),
  );
  return read.filter((each) => each !== null);
}

/** Null for a file that is none. */
async function readOne(path: string): Promise<LoggedPublication | null> {
  try {
    if ((await stat(path)).size > MAX_BYTES) return null;
    const found = JSON.parse(await readFile(path, 'utf8')) as LoggedPublication;
    if (typeof found.id !== 'string' || typeof found.startedMs !== 'number') return null;
    if (found.state !== 'running') return found;
    if (isAlive(found.pid) && readStartTicks(found.pid) === found.startTicks) return found;
    return { ...found, state: 'failed', error: 'its process ended before it was done' };
  } catch {
    return null;
  }
}
