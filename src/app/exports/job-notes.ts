// What long jobs of a home say about themselves, whichever process they run in: each has a small file with how far it is and
// what became of it, so that the daemon can show it. A help for the eye: that nothing can be written there keeps no job from
// being done.
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, messageOf, partOf, readStartTicks } from '../../core/index.ts';
import type { Home, HomePart } from '../../core/index.ts';
import { makeFolder } from '../../files/index.ts';

/** What every job says. Plain JSON. */
export interface JobNote {
  readonly id: string;
  readonly pid: number;
  /** Of the process, in ticks since boot: a number is given again. Null where that cannot be told. */
  readonly startTicks: number | null;
  readonly startedMs: number;
  readonly state: 'running' | 'done' | 'failed';
  readonly endedMs: number | null;
  readonly error: string | null;
}

/** A job and where it says how far it is. */
export interface NotedJob<Note extends JobNote, Result> {
  /** Made with the first note. */
  readonly folder: HomePart;
  /** What is known at its beginning. */
  readonly begun: Omit<Note, keyof JobNote>;
  readonly run: (note: (news: Partial<Note>) => void) => Promise<Result>;
  /** What is worth keeping of the result. */
  readonly resultOf?: (result: Result) => Partial<Note>;
}

const MAX_NOTES = 50;
/** A longer one is written by somebody else. */
const MAX_BYTES = 65_536;
const WRITE_EVERY_MS = 500;

/** Runs a job and notes what becomes of it; rejects as `run` does. */
export async function noteJob<Note extends JobNote, Result>(
  home: Home,
  { folder, begun, run, resultOf }: NotedJob<Note, Result>,
): Promise<Result> {
  const write = await createWriter(home, folder);
  const base: JobNote = {
    id: randomUUID(),
    pid: process.pid,
    startTicks: readStartTicks(process.pid),
    startedMs: Date.now(),
    state: 'running',
    endedMs: null,
    error: null,
  };
  let current = { ...begun, ...base };
  let writtenMs = performance.now();
  const change = (news: object): Promise<void> => write((current = { ...current, ...news }));
  await write(current);
  try {
    const result = await run((news) => {
      if (performance.now() - writtenMs < WRITE_EVERY_MS) return;
      writtenMs = performance.now();
      void change(news);
    });
    await change({ ...resultOf?.(result), state: 'done', endedMs: Date.now() });
    return result;
  } catch (error) {
    await change({ state: 'failed', endedMs: Date.now(), error: messageOf(error) });
    throw error;
  }
}

/** Writes one after the other; nothing where there is no home yet, for looking shall not make one. */
async function createWriter(home: Home, part: HomePart): Promise<(note: JobNote) => Promise<void>> {
  const folder = partOf(home, part);
  const isThere = await stat(home.root)
    .then(
      () => makeFolder(folder, 0o700).then(() => true),
      () => false,
    )
    .catch(() => false);
  if (!isThere) return async () => undefined;
  let writing = Promise.resolve();
  return (note) => {
    const path = join(folder, `${note.startedMs}-${note.id}.json`);
    const put = async (): Promise<void> => {
      await writeFile(`${path}.tmp`, JSON.stringify(note), { mode: 0o600 });
      await rename(`${path}.tmp`, path);
    };
    // A full disk is told by the job itself.
    writing = writing.then(put).catch(() => undefined);
    return writing;
  };
}

/** All that are known, the newest first; the oldest of too many are removed. One whose process is gone has failed. */
export async function readJobNotes<Note extends JobNote>(home: Home, part: HomePart): Promise<Note[]> {
  const folder = partOf(home, part);
  const names = (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.json'));
  const ordered = names.toSorted((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  for (const old of ordered.slice(MAX_NOTES))
    await rm(join(folder, old), { force: true }).catch(() => undefined);
  const read = await Promise.all(
    ordered.slice(0, MAX_NOTES).map((each) => readOne<Note>(join(folder, each))),
  );
  return read.filter((each) => each !== null);
}

/** Null for a file that is none. */
async function readOne<Note extends JobNote>(path: string): Promise<Note | null> {
  try {
    if ((await stat(path)).size > MAX_BYTES) return null;
    const found = JSON.parse(await readFile(path, 'utf8')) as Note;
    if (typeof found.id !== 'string' || typeof found.startedMs !== 'number') return null;
    if (found.state !== 'running') return found;
    if (isAlive(found.pid) && readStartTicks(found.pid) === found.startTicks) return found;
    return { ...found, state: 'failed', error: 'its process ended before it was done' };
  } catch {
    return null;
  }
}
