// Models on disk: <directory>/<name>/<version>/{model.onnx, manifest.json, golden.arrow, heldout.arrow} and
// <directory>/<name>/aliases.json. Knows files and pointers, runs no model. A change is one rename, so that it
// happened or did not: packages are written first, pointers follow, and what no pointer names is removed last.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemClock, systemCodeOf } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { makeFolder, renameDurably } from '../files/index.ts';
import { readAliasState, withoutVersions, writeAliasState } from './alias-file.ts';
import type { AliasState } from './alias-file.ts';
import {
  namesIn,
  publishDirectory,
  removeDirectory,
  stageDirectory,
  temporaryState,
  writeStaged,
} from './staged-files.ts';
import { liveChangedError, modelInUseError, modelNotFoundError, modelStoreError, noPreviousError } from './errors.ts';
import { withFolderLock } from './folder-lock.ts';
import { buildManifest, taskOf } from './manifest.ts';
import type { ManifestDraft } from './manifest.ts';
import {
  DAMAGED_FOLDER,
  checkSameTask,
  isDirectory,
  listModel,
  listNames,
  listVersions,
  readPackage,
} from './model-folder.ts';
import { DEFAULT_KEEP_VERSIONS, choosePruned, describePruned, whyKept } from './prune.ts';
import type { PruneReport, PrunedVersion } from './prune.ts';
import { buildVersion, checkName, isVersion, nextVersionMs, parseReference } from './reference.ts';
import type { Aliases } from './reference.ts';
import type {
  ModelDraft,
  ModelId,
  ModelListing,
  ModelPackage,
  ModelRegistry,
  RegistryOptions,
  RepairOptions,
  RepairReport,
  SetLiveOptions,
} from './registry-types.ts';
import { nameAside, repairModels } from './repair.ts';
import { defaultModelLimits } from './verify.ts';
import type { ModelLimits } from './verify.ts';
import { MAX_BYTES_AT_ONCE, verifyDraft, verifyFiles, verifyInThread } from './verify-package.ts';
import { holdVersion, listVersionsInUse, sweepMarks } from './versions-in-use.ts';

/** Opens the registry in `directory`, which is made when missing; what a crash left half-written is removed. */
export async function openRegistry(directory: string, options: RegistryOptions = {}): Promise<ModelRegistry> {
  const registry = new FileRegistry(directory, options);
  if (options.readOnly === true) return registry;
  await makeFolder(directory);
  await registry.sweep();
  return registry;
}

class FileRegistry implements ModelRegistry {
  readonly directory: string;
  readonly limits: ModelLimits;
  readonly #keepVersions: number;
  readonly #note: (text: string) => void;
  readonly #clock: Clock;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(directory: string, options: RegistryOptions) {
    this.directory = directory;
    this.limits = { ...defaultModelLimits, ...options.limits };
    this.#keepVersions = options.keepVersions ?? DEFAULT_KEEP_VERSIONS;
    this.#note = options.onNote ?? (() => undefined);
    this.#clock = options.clock ?? systemClock;
  }

  async add(draft: ModelDraft): Promise<ModelId> {
    const manifest = verifyDraft(draft, this.limits);
    const { name } = draft;
    const sizeBytes = draft.model.length + draft.golden.length + (draft.heldOut?.length ?? 0);
    const isLarge = sizeBytes > MAX_BYTES_AT_ONCE;
    if (!isLarge) verifyFiles(draft, manifest, this.limits);
    return this.#stored('add model', name, async () => {
      const folder = join(this.directory, name);
      await using staged = await stageDirectory((await isDirectory(folder)) ? folder : this.directory);
      await writeStaged(staged.path, {
        'model.onnx': draft.model,
        'golden.arrow': draft.golden,
        ...(draft.heldOut && { 'heldout.arrow': draft.heldOut }),
      });
      if (isLarge) await this.#verifyStaged(staged.path, draft, manifest);
      // Awaited here: what is staged is removed when this block ends.
      return await this.#exclusive('add model', name, () => this.#publish(staged.path, name, manifest));
    });
  }

  async list(): Promise<ModelListing[]> {
    const names = await listNames(this.directory);
    return Promise.all(names.map((name) => listModel(this.directory, name)));
  }

  async show(reference: string): Promise<ModelPackage> {
    return readPackage(this.directory, await this.resolve(reference));
  }

  async resolve(reference: string): Promise<ModelId> {
    const { name, target } = parseReference(reference);
    const version = isVersion(target) ? target : (await this.aliases(name))[target as keyof Aliases];
    if (version === null || !(await isDirectory(join(this.directory, name, version)))) {
      throw modelNotFoundError(reference, version, (await listNames(this.directory)).includes(name));
    }
    return { name, version };
  }

  async aliases(name: string): Promise<Aliases> {
    return (await this.#state(name)).aliases;
  }

  setLive(name: string, version: string, { replaced, onlyIf }: SetLiveOptions = {}): Promise<Aliases> {
    return this.#exclusive('activate model', name, async () => {
      await this.resolve(`${name}@${version}`);
      const { aliases, served } = await this.#state(name);
      if (onlyIf !== undefined && aliases.live !== onlyIf) throw liveChangedError(name, version, aliases.live);
      if (aliases.live === version) return aliases;
      const candidate = aliases.candidate === version ? null : aliases.candidate;
      const before = replaced ?? aliases.live;
      const isThere = before !== null && (await isDirectory(join(this.directory, name, before)));
      const previous = isThere && before !== version ? before : aliases.live;
      return this.#write(name, { aliases: { live: version, previous, candidate }, served });
    });
  }

  rollback(name: string, to?: string): Promise<Aliases> {
    return this.#exclusive('roll back model', name, async () => {
      const { aliases, served } = await this.#state(name);
      const target = to ?? aliases.previous;
      if (target === null) throw noPreviousError(name);
      await this.resolve(`${name}@${target}`);
      return this.#write(name, { aliases: { ...aliases, live: target, previous: null }, served });
    });
  }

  remove(name: string, version: string): Promise<void> {
    return this.#exclusive('remove model', name, async () => {
      await this.resolve(`${name}@${version}`);
      const reason = whyKept(await this.aliases(name), await listVersionsInUse(this.#folder(name)), version);
      if (reason !== null) {
        throw modelInUseError(name, version, reason);
      }
      await removeDirectory(join(this.directory, name, version));
    });
  }

  setAside(name: string, version: string): Promise<string | null> {
    return this.#exclusive('set aside model', name, async () => {
      const state = await this.#state(name).catch(() => null);
      const kept = state && withoutVersions(state, (other) => other === version);
      const isNamed = JSON.stringify(kept?.aliases) !== JSON.stringify(state?.aliases);
      if (kept && isNamed) await writeAliasState(this.#folder(name), kept);
      const folder = join(this.directory, name, version);
      if (!(await isDirectory(folder))) return null;
      await makeFolder(join(this.directory, name, DAMAGED_FOLDER));
      const target = join(this.directory, name, DAMAGED_FOLDER, nameAside(version, this.#clock.nowMs()));
      await renameDurably(folder, target, 'keep');
      return target;
    });
  }

  hold(name: string, version: string): Disposable {
    return holdVersion(this.#folder(name), version);
  }

  async prune(
    options: { readonly name?: string; readonly keep?: number; readonly dryRun?: boolean } = {},
  ): Promise<PruneReport> {
    const { name, keep = this.#keepVersions, dryRun = false } = options;
    const names = name === undefined ? await listNames(this.directory) : [checkName(name)];
    const pruned: PrunedVersion[] = [];
    for (const each of names) {
      // A name whose pointers are damaged is left as it is: what is live there is not known.
      const damaged = await this.#state(each).then(
        () => null,
        (error: unknown) => error,
      );
      if (damaged) this.#note(`models were not pruned: ${messageOf(damaged)}`);
      else pruned.push(...(await this.#pruneOne(each, keep, dryRun)));
    }
    return { keep, dryRun, pruned };
  }

  repair(options: RepairOptions = {}): Promise<RepairReport> {
    const repair = (): Promise<RepairReport> => repairModels(this.directory, options, this.#clock.nowMs());
    // Nothing is written, so that a folder that cannot be written can be looked at.
    if (options.dryRun) return repair();
    return this.#exclusive('repair models', null, repair);
  }

  /** Removes what processes left that ended while they wrote. A folder that cannot be written keeps it. */
  async sweep(): Promise<void> {
    for (const folder of ['', ...(await listNames(this.directory))]) {
      const path = join(this.directory, folder);
      try {
        for (const entry of await namesIn(path)) {
          if (temporaryState(entry) === 'left') await rm(join(path, entry), { recursive: true, force: true });
        }
        await sweepMarks(path);
      } catch (error) {
        this.#note(`what a crash left in "${path}" could not be removed: ${messageOf(error)}`);
      }
    }
  }

  async #verifyStaged(directory: string, draft: ModelDraft, manifest: ManifestDraft): Promise<void> {
    const hasHeldOut = draft.heldOut !== undefined;
    await verifyInThread({ directory, manifest, hasHeldOut, limits: this.limits });
  }

  /** The package first, then the pointer to it: a crash between leaves a version that nothing names. */
  async #publish(staging: string, name: string, draft: ManifestDraft): Promise<ModelId> {
    const folder = this.#folder(name);
    const state = await this.#state(name);
    await makeFolder(folder);
    const versions = await listVersions(folder);
    await checkSameTask(this.directory, name, { versions, task: taskOf(draft) });
    const version = buildVersion(nextVersionMs(this.#clock.nowMs(), versions), draft.model.sha256);
    const manifest = `${JSON.stringify(buildManifest(draft, version), null, 2)}\n`;
    await writeStaged(staging, { 'manifest.json': manifest });
    await publishDirectory(staging, join(folder, version));
    try {
      const aliases = { ...state.aliases, candidate: version };
      await writeAliasState(folder, { ...state, aliases });
    } catch (error) {
      await removeDirectory(join(folder, version)).catch(() => undefined);
      throw error;
    }
    await this.#pruneHere(name, this.#keepVersions, false).catch((error: unknown) =>
      this.#note(`models were not pruned: ${messageOf(error)}`),
    );
    return { name, version };
  }

  #pruneOne(name: string, keep: number, dryRun: boolean): Promise<PrunedVersion[]> {
    if (dryRun) return this.#pruneHere(name, keep, true);
    return this.#exclusive('prune models', name, () => this.#pruneHere(name, keep, false));
  }

  async #pruneHere(name: string, keep: number, dryRun: boolean): Promise<PrunedVersion[]> {
    const folder = this.#folder(name);
    const state = await this.#state(name);
    const doomed = choosePruned(await listVersions(folder), state, await listVersionsInUse(folder), keep);
    const pruned: PrunedVersion[] = [];
    try {
      for (const version of doomed) {
        if (!dryRun) await removeDirectory(join(folder, version));
        pruned.push({ name, version, wasLive: state.served.includes(version) });
      }
    } finally {
      if (pruned.length > 0 && !dryRun) this.#note(describePruned({ keep, dryRun, pruned }));
    }
    return pruned;
  }

  #folder(name: string): string {
    return join(this.directory, checkName(name));
  }

  async #state(name: string): Promise<AliasState> {
    return readAliasState(this.#folder(name), name);
  }

  /** Writes pointers of which `live` is now one that was live. */
  async #write(name: string, { aliases, served }: AliasState): Promise<Aliases> {
    const { live } = aliases;
    const order = live === null ? served : [...served.filter((version) => version !== live), live];
    await writeAliasState(this.#folder(name), { aliases, served: order });
    return aliases;
  }

  /** One change at a time, here and in other processes. */
  #exclusive<T>(verb: string, name: string | null, change: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      if (name !== null) checkName(name);
      return this.#stored(verb, name ?? this.directory, () => withFolderLock(this.directory, change));
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** Every system error becomes `ERR_MODEL_STORE`. */
  async #stored<T>(verb: string, what: string, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      throw systemCodeOf(error)?.startsWith('ERR_') === false ? modelStoreError(verb, what, error) : error;
    }
  }
}
