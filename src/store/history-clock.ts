// The history's own clock: how much time really passed since it began. It adds up what the boot clock saw, also
// between two runs within one boot, and is never set. Times between boots, of which only the wall clock
// tells, are left out. Kept in `<history>/clock.json`; a lost file costs nothing but age.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootMsOf } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { writeStored } from './durable-file.ts';

/** A clock that nobody can set. */
export interface HistoryClock {
  /** Milliseconds that passed since the history began, as far as anybody saw. */
  readMs(): number;
  /** Writes the reading down. @throws RuvectorError `ERR_STORE_*` */
  save(): Promise<void>;
}

/** What the file holds. */
interface Saved {
  /** Names the boot that `bootMs` counts from; null where the system has no name for it. */
  readonly bootId: string | null;
  readonly bootMs: number;
  readonly historyMs: number;
}

const FILE = 'clock.json';

/** Where Linux names the boot. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Options of {@link openHistoryClock}. */
export interface HistoryClockOptions {
  readonly clock: Clock;
  /** A reading it has certainly passed: the newest of the segments. */
  readonly leastMs: number;
  /** @default of the running system */
  readonly bootId?: string | null;
}

/** Opens the clock of a history directory; an unreadable file is like none. */
export async function openHistoryClock(
  directory: string,
  { clock, leastMs, bootId = readBootId() }: HistoryClockOptions,
): Promise<HistoryClock> {
  const path = join(directory, FILE);
  const saved = await readSaved(path);
  const startBootMs = bootMsOf(clock);
  const sinceSavedMs = saved === null ? 0 : passedSince(saved, { bootId, bootMs: startBootMs });
  const startMs = Math.max(leastMs, (saved?.historyMs ?? 0) + sinceSavedMs);
  const readMs = (): number => Math.round(startMs + Math.max(0, bootMsOf(clock) - startBootMs));
  return {
    readMs,
    save: async () => {
      const state: Saved = { bootId, bootMs: Math.round(bootMsOf(clock)), historyMs: readMs() };
      await writeStored(path, Buffer.from(`${JSON.stringify(state)}\n`));
    },
  };
}

/** Nothing across boots: a boot clock says nothing of the time before it began. */
function passedSince(saved: Saved, now: { bootId: string | null; bootMs: number }): number {
  const isSameBoot = saved.bootId !== null && saved.bootId === now.bootId;
  return isSameBoot ? Math.max(0, now.bootMs - saved.bootMs) : 0;
}

async function readSaved(path: string): Promise<Saved | null> {
  try {
    const { bootId, bootMs, historyMs } = JSON.parse(await readFile(path, 'utf8')) as Partial<Saved>;
    const isWhole = isTime(bootMs) && isTime(historyMs);
    return isWhole ? { bootId: bootId ?? null, bootMs, historyMs } : null;
  } catch {
    return null;
  }
}

const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;

function readBootId(): string | null {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    return null;
  }
}
