// Models on disk: <directory>/<name>/<version>/{model.onnx, manifest.json, golden.arrow, heldout.arrow} and
// <directory>/<name>/aliases.json. Knows files and pointers, runs no model. Damage is reported and set aside,
// never repaired by a guess.
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemCodeOf } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { writeDirectoryDurably, writeFileDurably, STAGING_PREFIX } from './durable-files.ts';
import { ModelRegistryError, noPrevious, rejected, storeError } from './errors.ts';
import { decodeGolden } from './decode-golden.ts';
import { decodeHeldOut } from './held-out.ts';
import { MAX_MANIFEST_BYTES, buildManifest, parseManifest, parseManifestDraft } from './manifest.ts';
import type { ManifestDraft, ModelManifest } from './manifest.ts';
import { buildVersion, checkName, isVersion, parseAliases, parseReference } from './reference.ts';
import type { Aliases } from './reference.ts';
import { readCapped } from './load-model.ts';
import type { Interval } from './scores.ts';
import { defaultLimits, verifyModelBytes, verifySha256, verifySize } from './verify.ts';
import type { ModelLimits } from './verify.ts';

/** A package as a trainer hands it in. */
export interface ModelDraft {
  readonly name: string;
  /** model.onnx. */
  readonly model: Uint8Array;
  /** golden.arrow. */
  readonly golden: Uint8Array;
  /** heldout.arrow, when the manifest names it. */
  readonly heldOut?: Uint8Array | undefined;
  /** manifest.json without `version` and `checksum`; checked, so any parsed JSON may be given. */
  readonly manifest: ManifestDraft | Readonly<Record<string, unknown>>;
}

/** A name and one of its versions. */
export interface ModelId {
  readonly name: string;
  readonly version: string;
}

/** A package on disk. */
export interface ModelPackage extends ModelId {
  readonly directory: string;
  readonly manifest: ModelManifest;
}

/** One name with all its versions, oldest first. */
export interface ModelListing {
  readonly name: string;
  /** Null when aliases.json is damaged: see {@link ModelRegistry.repairAliases}. */
  readonly aliases: Aliases | null;
  readonly versions: readonly string[];
  /** What each version says of itself, in the order of `versions`. */
  readonly summaries: readonly ModelSummary[];
  /** Packages that were set aside as damaged. */
  readonly damaged: readonly string[];
}

/** One version in a list; nulls where its manifest is damaged or says nothing. */
export interface ModelSummary {
  readonly version: string;
  /** ISO 8601. */
  readonly created: string | null;
  readonly estimator: string | null;
  /** By its trainer, on its own held-out rows: `compare` is what holds two models together. */
  readonly macroF1: number | null;
  /** 95 %, when the trainer gave one. */
  readonly interval: Interval | null;
  readonly aliases: readonly (keyof Aliases)[];
}

/** The models on disk. Every change is durable when its promise resolves. */
export interface ModelRegistry {
  readonly directory: string;
  readonly limits: ModelLimits;
  /**
   * Verifies a package statically, writes it and makes it the candidate.
   * @throws ModelRejectedError when it is refused (nothing is written), ModelRegistryError `ERR_MODEL_STORE`
   */
  add(draft: ModelDraft): Promise<ModelId>;
  list(): Promise<ModelListing[]>;
  /** @throws ModelRejectedError `ERR_MODEL_MANIFEST` when the manifest is damaged */
  show(reference: string): Promise<ModelPackage>;
  /** Resolves `name`, `name@version` or `name@live|previous|candidate`. `ERR_MODEL_NOT_FOUND`. */
  resolve(reference: string): Promise<ModelId>;
  aliases(name: string): Promise<Aliases>;
  /** Makes a version live; the version that was live becomes `previous`. */
  setLive(name: string, version: string): Promise<Aliases>;
  /**
   * Makes `previous` (or `to`) live again and leaves no `previous`, so that a bad version is never rolled
   * back to. `ERR_MODEL_NO_PREVIOUS`.
   */
  rollback(name: string, to?: string): Promise<Aliases>;
  /** Removes a version that is not live. `ERR_MODEL_IN_USE`. */
  remove(name: string, version: string): Promise<void>;
  /** Moves a damaged package out of the way, under `.damaged/`; nothing is deleted. */
  setAside(name: string, version: string): Promise<string>;
  /** Sets a damaged aliases.json aside and writes the given pointers. */
  repairAliases(name: string, aliases: Partial<Aliases>): Promise<Aliases>;
}

/** Options of {@link openRegistry}. */
export interface RegistryOptions {
  readonly limits?: Partial<ModelLimits>;
  /** @default systemClock */
  readonly clock?: Clock;
}

const NO_ALIASES: Aliases = { live: null, previous: null, candidate: null };
const DAMAGED = '.damaged';

/** Opens the registry in `directory`, which is made when missing; what a crash left half-written is removed. */
export async function openRegistry(directory: string, options: RegistryOptions = {}): Promise<ModelRegistry> {
  await mkdir(directory, { recursive: true });
  const registry = new FileRegistry(directory, options);
  await registry.sweepStaging();
  return registry;
}

class FileRegistry implements ModelRegistry {
  readonly directory: string;
  readonly limits: ModelLimits;
  readonly #clock: Clock;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(directory: string, options: RegistryOptions) {
    this.directory = directory;
    this.limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
  }

  async add(draft: ModelDraft): Promise<ModelId> {
    const manifest = this.#verifyDraft(draft);
    const { name } = draft;
    return this.#exclusive('add model', name, async () => {
      const aliases = await this.aliases(name);
      await mkdir(join(this.directory, name), { recursive: true });
      const version = await this.#freeVersion(name, manifest.model.sha256);
      await writeDirectoryDurably(join(this.directory, name, version), {
        'model.onnx': draft.model,
        'golden.arrow': draft.golden,
        ...(draft.heldOut && { 'heldout.arrow': draft.heldOut }),
        'manifest.json': `${JSON.stringify(buildManifest(manifest, version), null, 2)}\n`,
      });
      await this.#writeAliases(name, { ...aliases, candidate: version });
      return { name, version };
    });
  }

  async list(): Promise<ModelListing[]> {
    const names = (await namesIn(this.directory)).filter((name) => !name.startsWith('.')).sort();
    return Promise.all(names.map((name) => this.#listOne(name)));
  }

  async show(reference: string): Promise<ModelPackage> {
    const { name, version } = await this.resolve(reference);
    const directory = join(this.directory, name, version);
    const bytes = await readCapped(join(directory, 'manifest.json'), MAX_MANIFEST_BYTES);
    const manifest = parseManifest(new TextDecoder().decode(bytes));
    if (manifest.name !== name || manifest.version !== version) {
      throw rejected('ERR_MODEL_MANIFEST', `its manifest is that of "${manifest.name}@${manifest.version}"`);
    }
    return { name, version, directory, manifest };
  }

  async resolve(reference: string): Promise<ModelId> {
    const { name, target } = parseReference(reference);
    const version = isVersion(target) ? target : (await this.aliases(name))[target as keyof Aliases];
    if (version === null || !(await this.#exists(name, version))) throw notFound(reference, version);
    return { name, version };
  }

  async aliases(name: string): Promise<Aliases> {
    const text = await readTextOrNull(this.#aliasesPath(checkName(name)));
    if (text === null) return NO_ALIASES;
    const aliases = parseAliases(text);
    if (aliases) return aliases;
    throw new ModelRegistryError(
      'ERR_MODEL_ALIASES',
      `Cannot read the aliases of model "${name}": aliases.json is damaged; look at the versions and set the pointers with repairAliases()`,
      { details: { path: this.#aliasesPath(name) } },
    );
  }

  setLive(name: string, version: string): Promise<Aliases> {
    return this.#exclusive('activate model', name, async () => {
      await this.resolve(`${name}@${version}`);
      const aliases = await this.aliases(name);
      if (aliases.live === version) return aliases;
      const candidate = aliases.candidate === version ? null : aliases.candidate;
      return this.#writeAliases(name, { live: version, previous: aliases.live, candidate });
    });
  }

  rollback(name: string, to?: string): Promise<Aliases> {
    return this.#exclusive('roll back model', name, async () => {
      const aliases = await this.aliases(name);
      const target = to ?? aliases.previous;
      if (target === null) throw noPrevious(name);
      await this.resolve(`${name}@${target}`);
      return this.#writeAliases(name, { ...aliases, live: target, previous: null });
    });
  }

  remove(name: string, version: string): Promise<void> {
    return this.#exclusive('remove model', name, async () => {
      await this.resolve(`${name}@${version}`);
      const aliases = await this.aliases(name);
      if (aliases.live === version) {
        throw new ModelRegistryError(
          'ERR_MODEL_IN_USE',
          `Cannot remove model "${name}@${version}": it is live; activate another version first`,
        );
      }
      const keep = (alias: string | null): string | null => (alias === version ? null : alias);
      await this.#writeAliases(name, {
        live: aliases.live,
        previous: keep(aliases.previous),
        candidate: keep(aliases.candidate),
      });
      await rm(join(this.directory, name, version), { recursive: true });
    });
  }

  setAside(name: string, version: string): Promise<string> {
    return this.#exclusive('set aside model', name, async () => {
      await this.resolve(`${name}@${version}`);
      await mkdir(join(this.directory, name, DAMAGED), { recursive: true });
      const target = join(this.directory, name, DAMAGED, `${version}-${this.#clock.nowMs()}`);
      await rename(join(this.directory, name, version), target);
      return target;
    });
  }

  repairAliases(name: string, aliases: Partial<Aliases>): Promise<Aliases> {
    return this.#exclusive('repair aliases of model', name, async () => {
      const wanted = { ...NO_ALIASES, ...aliases };
      for (const version of Object.values(wanted)) {
        if (version !== null) await this.resolve(`${name}@${version}`);
      }
      if ((await readTextOrNull(this.#aliasesPath(name))) !== null) {
        await mkdir(join(this.directory, name, DAMAGED), { recursive: true });
        const target = join(this.directory, name, DAMAGED, `aliases-${this.#clock.nowMs()}.json`);
        await rename(this.#aliasesPath(name), target);
      }
      return this.#writeAliases(name, wanted);
    });
  }

  /** Removes staging directories older than an hour; a younger one may belong to a running process. */
  async sweepStaging(): Promise<void> {
    for (const name of await namesIn(this.directory)) {
      for (const entry of await namesIn(join(this.directory, name))) {
        const path = join(this.directory, name, entry);
        const isStale =
          entry.startsWith(STAGING_PREFIX) && this.#clock.nowMs() - (await stat(path)).mtimeMs > 3_600_000;
        if (isStale) await rm(path, { recursive: true, force: true });
      }
    }
  }

  #verifyDraft(draft: ModelDraft): ManifestDraft {
    checkName(draft.name);
    verifySize('model.onnx', draft.model.length, this.limits.maxModelBytes);
    verifySize('golden.arrow', draft.golden.length, this.limits.maxGoldenBytes);
    const manifest = parseManifestDraft(draft.manifest);
    if (manifest.name !== draft.name) {
      throw rejected(
        'ERR_MODEL_MANIFEST',
        `its manifest names "${manifest.name}" and it is added as "${draft.name}"`,
      );
    }
    verifyModelBytes(draft.model, { manifest, limits: this.limits });
    verifySha256('golden.arrow', draft.golden, manifest.golden.sha256);
    decodeGolden(draft.golden, manifest);
    this.#verifyHeldOut(draft, manifest);
    return manifest;
  }

  #verifyHeldOut({ heldOut }: ModelDraft, manifest: ManifestDraft): void {
    if (manifest.heldOut === undefined && heldOut === undefined) return;
    if (manifest.heldOut === undefined || heldOut === undefined) {
      const state = heldOut ? 'held-out rows came and' : 'no held-out rows came though';
      throw rejected(
        'ERR_MODEL_HELD_OUT',
        `${state} its manifest ${heldOut ? 'has no' : 'has a'} "heldOut"; send heldout.arrow as the manifest describes it`,
      );
    }
    verifySize('heldout.arrow', heldOut.length, this.limits.maxHeldOutBytes);
    verifySha256('heldout.arrow', heldOut, manifest.heldOut.sha256);
    decodeHeldOut(heldOut, manifest);
  }

  async #listOne(name: string): Promise<ModelListing> {
    const entries = await namesIn(join(this.directory, name));
    const aliases = await this.aliases(name).catch((error: unknown) => {
      if (error instanceof ModelRegistryError) return null;
      throw error;
    });
    const damaged = await namesIn(join(this.directory, name, DAMAGED));
    const versions = entries.filter(isVersion).sort();
    const summaries = await Promise.all(versions.map((version) => this.#summarise(name, version, aliases)));
    return { name, aliases, versions, summaries, damaged: damaged.sort() };
  }

  async #summarise(name: string, version: string, aliases: Aliases | null): Promise<ModelSummary> {
    const manifest = await this.show(`${name}@${version}`).then(
      (found) => found.manifest,
      () => null,
    );
    const pointers = Object.entries(aliases ?? {}) as [keyof Aliases, string | null][];
    return {
      version,
      created: manifest?.created ?? null,
      estimator: manifest?.trainer.estimator ?? null,
      macroF1: numberOrNull(manifest?.metrics['macroF1']),
      interval: intervalOrNull(manifest?.metrics['interval']),
      aliases: pointers.filter(([, at]) => at === version).map(([alias]) => alias),
    };
  }

  async #freeVersion(name: string, sha256: string): Promise<string> {
    for (let nowMs = this.#clock.nowMs(); ; nowMs++) {
      const version = buildVersion(nowMs, sha256);
      if (!(await this.#exists(name, version))) return version;
    }
  }

  async #exists(name: string, version: string): Promise<boolean> {
    const found = await stat(join(this.directory, name, version)).catch(() => null);
    return found?.isDirectory() ?? false;
  }

  async #writeAliases(name: string, aliases: Aliases): Promise<Aliases> {
    await writeFileDurably(this.#aliasesPath(name), `${JSON.stringify(aliases, null, 2)}\n`);
    return aliases;
  }

  #aliasesPath(name: string): string {
    return join(this.directory, name, 'aliases.json');
  }

  /** One change at a time, and every system error becomes `ERR_MODEL_STORE`. */
  #exclusive<T>(verb: string, name: string, change: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(async () => {
      checkName(name);
      try {
        return await change();
      } catch (error) {
        throw systemCodeOf(error)?.startsWith('ERR_') === false ? storeError(verb, name, error) : error;
      }
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function intervalOrNull(value: unknown): Interval | null {
  const isInterval = Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
  return isInterval ? (value as unknown as Interval) : null;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function notFound(reference: string, version: string | null): ModelRegistryError {
  const state = version === null ? 'the alias points nowhere' : `there is no version "${version}"`;
  return new ModelRegistryError(
    'ERR_MODEL_NOT_FOUND',
    `Cannot find model "${reference}": ${state}; list the models to see what is there`,
  );
}
