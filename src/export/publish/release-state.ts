// The key file of a release: the anonymiser's key and what it decided for each table. With it and the same rows the
// same bytes come out again; with the key alone and other rows, names get the same hashes as before.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { RuvectorError, systemCodeOf } from '../../core/index.ts';
import type { RecordKind } from '../../core/index.ts';
import { restoreAnonymizationPlan } from '../../prepare/index.ts';
import type { AnonymizationPlan } from '../../prepare/index.ts';
import type { ReadSamples } from '../table-source.ts';

/** Key and plans of a release. */
export interface ReleaseState extends AsyncDisposable {
  /** Unset is random, and wiped with the release. */
  readonly key: Uint8Array | undefined;
  /** The plan for exactly these rows, if one was kept. */
  restore(table: string, kind: RecordKind, read: ReadSamples): Promise<AnonymizationPlan | null>;
  keep(table: string, plan: AnonymizationPlan, read: ReadSamples): Promise<void>;
  /** Writes the file, mode 0600. */
  save(): Promise<void>;
}

interface KeptPlan {
  /** Which rows it is for. */
  readonly rows: string;
  readonly state: string;
}

interface KeyFile {
  readonly format: 1;
  readonly key: string;
  readonly plans: Readonly<Record<string, KeptPlan>>;
}

/**
 * Opens the key file, or starts one.
 * @param path unset keeps nothing
 * @throws RuvectorError `ERR_EXPORT_KEY_FILE`
 */
export async function openReleaseState(path: string | undefined): Promise<ReleaseState> {
  if (path === undefined) return forgetful;
  const file = await readKeyFile(path);
  const key = new Uint8Array(Buffer.from(file.key, 'base64'));
  const plans: Record<string, KeptPlan> = { ...file.plans };
  return {
    key,
    restore: async (table, kind, read) => {
      const kept = plans[table];
      if (!kept || kept.rows !== (await describeRows(read))) return null;
      return restoreAnonymizationPlan(kind, kept.state);
    },
    keep: async (table, plan, read) => {
      plans[table] = { rows: await describeRows(read), state: plan.toState() };
    },
    save: async () => saveKeyFile(path, { ...file, plans }),
    [Symbol.asyncDispose]: async () => Promise.resolve(void key.fill(0)),
  };
}

const forgetful: ReleaseState = {
  key: undefined,
  restore: async () => Promise.resolve(null),
  keep: async () => Promise.resolve(),
  save: async () => Promise.resolve(),
  [Symbol.asyncDispose]: async () => Promise.resolve(),
};

/** Rows of a range of a history never change: their number and times tell them. */
async function describeRows(read: ReadSamples): Promise<string> {
  let rows = 0;
  let first: unknown = null;
  let last: unknown = null;
  for await (const batch of read()) {
    const times = batch.getChildAt(0)!;
    first ??= times.get(0);
    last = times.get(batch.numRows - 1);
    rows += batch.numRows;
  }
  return `${rows} rows, ${String(first)} to ${String(last)}`;
}

async function readKeyFile(path: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCodeOf(cause) !== 'ENOENT') throw keyFileError(path, 'it cannot be read', cause);
    return { format: 1, key: randomBytes(32).toString('base64'), plans: {} };
  }
  try {
    const file = JSON.parse(text) as KeyFile;
    if (file.format === 1 && Buffer.from(file.key, 'base64').length === 32) return file;
  } catch (cause) {
    throw keyFileError(path, 'it is not JSON', cause);
  }
  throw keyFileError(path, 'it is no key file of a release');
}

async function saveKeyFile(path: string, file: KeyFile): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(file)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw keyFileError(path, 'it cannot be written', cause);
  }
}

function keyFileError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_KEY_FILE',
    `Cannot use key file "${path}": ${state}; name another file, or none to use a key that is wiped with the release`,
    { cause, details: { path } },
  );
}
