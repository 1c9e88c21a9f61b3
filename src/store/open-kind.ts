// Finds what a directory holds of one record kind: replays its logs, lists its segments and drops a
// log that a crash left behind after its rows were sealed.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import type { RecordKind, RuvectorError } from '../core/index.ts';
import { temporarySuffix } from '../files/index.ts';
import { buildWalEncoder } from './encode-wal.ts';
import { toStoreError } from './errors.ts';
import type { KindLogState } from './kind-log.ts';
import { listSegments } from './segment-files.ts';
import { openWal, removeWalFiles, replayWal } from './wal-file.ts';
import type { Recovered, ReplayedWal } from './wal-file.ts';
import { parseWalName } from './wal-layout.ts';

/** How to treat what is found: `repair` false (readOnly) leaves the disk alone. */
export interface OpenOptions {
  readonly repair: boolean;
  readonly nowMs: number;
}

/** A kind's state with what opening it revealed. */
export interface OpenedKind {
  readonly state: KindLogState;
  readonly problems: RuvectorError[];
  readonly recovered: Recovered[];
}

interface FoundWal extends ReplayedWal {
  readonly path: string;
  readonly generation: number;
}

/** Reads logs before segments, so that a reader beside a sealing writer sees each row once. */
export async function openKind(
  directory: string,
  kind: RecordKind,
  options: OpenOptions,
): Promise<OpenedKind> {
  const found = await replayAll(directory, kind, options);
  const segmentDirectory = join(directory, 'segments', kind.name);
  const { segments, problems } = await listSegments(segmentDirectory, kind, options);
  const sealed = new Set(segments.flatMap(({ generations }) => generations));
  const live = found.filter(({ generation }) => !sealed.has(generation));
  const state: KindLogState = {
    kind,
    directory,
    segmentDirectory,
    segments,
    durable: live.flatMap(({ rows }) => rows),
    wal: null,
    oldWals: live,
    lastGeneration: Math.max(0, ...sealed, ...found.map(({ generation }) => generation)),
  };
  if (options.repair) {
    await removeWalFiles(found.filter((wal) => !live.includes(wal)).map(({ path }) => path));
    await continueLastWal(state, live);
  }
  return {
    state,
    problems: [...found.flatMap(({ problem }) => problem ?? []), ...problems],
    recovered: found.flatMap(({ recovered }) => recovered ?? []),
  };
}

async function replayAll(directory: string, kind: RecordKind, options: OpenOptions): Promise<FoundWal[]> {
  const found: FoundWal[] = [];
  for (const name of await readNames(directory)) {
    const path = join(directory, name);
    if (options.repair && name.endsWith(`.wal${temporarySuffix}`)) await rm(path, { force: true });
    const parsed = parseWalName(name);
    if (parsed?.kind !== kind.name) continue;
    try {
      found.push({ path, generation: parsed.generation, ...(await replayWal(kind, path, options)) });
    } catch (cause) {
      // A writer may seal and remove a log between our listing and our read.
      if (!options.repair && systemCodeOf(cause) === 'ENOENT') continue;
      throw toStoreError('read', path, cause);
    }
  }
  return found.sort((a, b) => a.generation - b.generation);
}

async function readNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw toStoreError('list', directory, cause);
  }
}

async function continueLastWal(state: KindLogState, live: readonly FoundWal[]): Promise<void> {
  const last = live.at(-1);
  if (!last?.isCurrent) return;
  const encoder = buildWalEncoder(state.kind);
  state.wal = await openWal(last.path, last.generation, encoder, last.sizeBytes);
  state.oldWals = live.slice(0, -1);
}
