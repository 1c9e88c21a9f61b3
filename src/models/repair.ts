// `models repair`: what a crash, a full disk or a hand left in a models folder is set aside, and pointers are
// rebuilt from what is known: the version that answers now, else the last state that was written. Nothing is
// deleted and nothing is guessed: where neither is known, no version is live. Called under the folder's lock.
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isRuvectorError, messageOf, systemCodeOf } from '../core/index.ts';
import { makeFolder, renameDurably } from '../files/index.ts';
import {
  ALIASES_BACKUP_FILE,
  ALIASES_FILE,
  examineAliases,
  readAliasBackup,
  withoutVersions,
  writeAliasState,
} from './alias-file.ts';
import type { AliasState } from './alias-file.ts';
import { namesIn, temporaryState } from './staged-files.ts';
import { DAMAGED_FOLDER, listNames, readPackage } from './model-folder.ts';
import { isVersion } from './reference.ts';
import type { Aliases } from './reference.ts';
import type {
  ModelId,
  ModelPackage,
  RepairFinding,
  RepairOptions,
  RepairReport,
  RepairedModel,
} from './registry-types.ts';
import { IN_USE_FOLDER } from './versions-in-use.ts';

const knownEntries: ReadonlySet<string> = new Set([
  ALIASES_FILE,
  ALIASES_BACKUP_FILE,
  DAMAGED_FOLDER,
  IN_USE_FOLDER,
]);

/** Repairs all names of a directory. `nowMs` makes the names of what is set aside. */
export async function repairModels(
  directory: string,
  { dryRun = false, live = null }: RepairOptions,
  nowMs: number,
): Promise<RepairReport> {
  const models: RepairedModel[] = [];
  for (const name of await listNames(directory)) {
    const repair = new FolderRepair(directory, name, dryRun, nowMs);
    models.push(await repair.run(live?.name === name ? live.version : null));
  }
  return { directory, dryRun, models };
}

interface PackageProblem {
  readonly text: string;
  /** Of another release: nothing is wrong with it. */
  readonly isForeign: boolean;
}

/** Says why a package is not sound; null when its hashes verify. Reads in pieces. */
async function findPackageProblem(directory: string, id: ModelId): Promise<PackageProblem | null> {
  try {
    const text = await findHashProblem(await readPackage(directory, id));
    return text === null ? null : { text, isForeign: false };
  } catch (error) {
    if (isRuvectorError(error, 'ERR_MODEL_STORE')) throw error;
    if (isRuvectorError(error)) {
      return { text: error.message, isForeign: error.code === 'ERR_MODEL_FORMAT' };
    }
    if (!brokenCodes.has(systemCodeOf(error) ?? '')) throw error;
    return { text: messageOf(error), isForeign: false };
  }
}

/** What the system says of a file that is not there, or is something else. Other errors are none of the package. */
const brokenCodes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP']);

async function findHashProblem({ directory, manifest }: ModelPackage): Promise<string | null> {
  const { model, golden, heldOut } = manifest;
  const files = { 'model.onnx': model, 'golden.arrow': golden, ...(heldOut && { 'heldout.arrow': heldOut }) };
  for (const [file, { sha256 }] of Object.entries(files)) {
    if ((await hashFile(join(directory, file))) !== sha256) return `the sha256 of ${file} is not the manifest's`;
  }
  return null;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

interface Examined {
  readonly sound: string[];
  readonly foreign: string[];
  readonly damaged: [string, string][];
}

class FolderRepair {
  readonly #directory: string;
  readonly #name: string;
  readonly #folder: string;
  readonly #isDry: boolean;
  readonly #nowMs: number;
  readonly #findings: RepairFinding[] = [];

  constructor(directory: string, name: string, isDry: boolean, nowMs: number) {
    this.#directory = directory;
    this.#name = name;
    this.#folder = join(directory, name);
    this.#isDry = isDry;
    this.#nowMs = nowMs;
  }

  /** Pointers first, so that none leads to a package that is then set aside. */
  async run(answering: string | null): Promise<RepairedModel> {
    const entries = (await namesIn(this.#folder)).sort();
    const { sound, foreign, damaged } = await this.#examineVersions(entries.filter(isVersion));
    const { aliases } = await this.#repairAliases(new Set([...sound, ...foreign]), answering);
    for (const [version, problem] of damaged) await this.#setAside(version, problem);
    await this.#tidy(entries.filter((entry) => !isVersion(entry) && !knownEntries.has(entry)));
    return { name: this.#name, sound, aliases, findings: this.#findings };
  }

  async #examineVersions(versions: readonly string[]): Promise<Examined> {
    const examined: Examined = { sound: [], foreign: [], damaged: [] };
    for (const version of versions) {
      const problem = await findPackageProblem(this.#directory, { name: this.#name, version });
      if (problem === null) examined.sound.push(version);
      else if (!problem.isForeign) examined.damaged.push([version, problem.text]);
      else {
        examined.foreign.push(version);
        this.#note(version, problem.text, 'left as it is');
      }
    }
    return examined;
  }

  async #repairAliases(sound: ReadonlySet<string>, answering: string | null): Promise<AliasState> {
    const { state, problem } = await examineAliases(this.#folder);
    const isGone = (version: string): boolean => !sound.has(version);
    if (state) {
      const repaired = withoutVersions(state, isGone);
      if (JSON.stringify(repaired.aliases) === JSON.stringify(state.aliases)) return state;
      const problemText = 'it points to versions that are damaged or gone';
      return this.#writeAliases(repaired, problemText, describeAliases(repaired.aliases));
    }
    const { state: rebuilt, source } = await this.#rebuild(sound, answering);
    if (!this.#isDry) await this.#keepDamagedAliases();
    const action = `${describeAliases(rebuilt.aliases)} (${source})`;
    return this.#writeAliases(rebuilt, `it ${problem}`, action);
  }

  async #rebuild(
    sound: ReadonlySet<string>,
    answering: string | null,
  ): Promise<{ state: AliasState; source: string }> {
    const isGone = (version: string): boolean => !sound.has(version);
    const backup = await readAliasBackup(this.#folder);
    const known = backup && withoutVersions(backup, isGone);
    if (answering !== null && sound.has(answering) && known?.aliases.live !== answering) {
      const { previous = null, candidate = null } = known?.aliases ?? {};
      const kept = candidate === answering ? null : candidate;
      return {
        state: {
          aliases: { live: answering, previous: previous === answering ? null : previous, candidate: kept },
          served: [...(known?.served ?? []), answering],
        },
        source: 'the version that answers now is live',
      };
    }
    if (known) return { state: known, source: 'the last state that was written' };
    const candidate = [...sound].sort().at(-1) ?? null;
    return {
      state: { aliases: { live: null, previous: null, candidate }, served: [] },
      source: 'nothing says which version was live: activate one by name',
    };
  }

  async #keepDamagedAliases(): Promise<void> {
    const kept = await this.#placeFor('aliases.json');
    await renameDurably(join(this.#folder, ALIASES_FILE), kept, 'keep').catch((error: unknown) => {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
    });
  }

  async #writeAliases(state: AliasState, problem: string, action: string): Promise<AliasState> {
    if (!this.#isDry) await writeAliasState(this.#folder, state);
    this.#note(ALIASES_FILE, problem, action);
    return state;
  }

  /** What a living process writes and what we do not know is left alone. */
  async #tidy(entries: readonly string[]): Promise<void> {
    for (const entry of entries) {
      const state = temporaryState(entry);
      if (state === 'left') await this.#setAside(entry, 'a crash left it half-written');
      else if (state === 'written') this.#note(entry, 'another process is writing it', 'left as it is');
      else this.#note(entry, 'it is no part of a model', 'left as it is');
    }
  }

  async #setAside(entry: string, problem: string): Promise<void> {
    const place = this.#isDry ? join(this.#folder, DAMAGED_FOLDER) : await this.#placeFor(entry);
    if (!this.#isDry) await renameDurably(join(this.#folder, entry), place, 'keep');
    this.#note(entry, problem, `set aside in "${place}"`);
  }

  async #placeFor(entry: string): Promise<string> {
    const folder = join(this.#folder, DAMAGED_FOLDER);
    await makeFolder(folder);
    return join(folder, nameAside(entry, this.#nowMs));
  }

  #note(entry: string, problem: string, action: string): void {
    this.#findings.push({ entry, problem, action });
  }
}

/** Name under which something is set aside. */
export function nameAside(entry: string, nowMs: number): string {
  const [, stem, extension = ''] = /^(.+?)(\.json)?$/.exec(entry.replace(/^\./, ''))!;
  return `${stem}-${nowMs}${extension}`;
}

function describeAliases({ live, previous, candidate }: Aliases): string {
  return `live ${live ?? 'none'}, previous ${previous ?? 'none'}, candidate ${candidate ?? 'none'}`;
}
