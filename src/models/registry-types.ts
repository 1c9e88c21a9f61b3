// The public types of the registry. Types only.
import type { Aliases } from './reference.ts';
import type { ManifestDraft, ModelManifest, ModelTask } from './manifest.ts';
import type { Clock } from '../core/index.ts';
import type { PruneReport } from './prune.ts';
import type { Interval } from './scores.ts';
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
  /** Null when aliases.json is damaged: see {@link ModelRegistry.repair}. */
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
  readonly task?: ModelTask | null;
  /** By its trainer, on its own held-out rows: `compare` is what holds two models together. Of a classifier. */
  readonly macroF1: number | null;
  /** The same of a detector. */
  readonly averagePrecision?: number | null;
  /** Mean absolute error of a forecast, in percent of MemTotal. */
  readonly mae?: number | null;
  /** 95 %, when the trainer gave one. */
  readonly interval: Interval | null;
  /** Figures of the rules it had to beat, by name, in the measure of its own; null where one could not be asked. */
  readonly baselines?: Readonly<Record<string, number | null>>;
  readonly aliases: readonly (keyof Aliases)[];
}

/** Options of a repair. */
export interface RepairOptions {
  /** True only says what would be done. @default false */
  readonly dryRun?: boolean;
  /** What answers now, where a host runs. */
  readonly live?: ModelId | null;
}

/** Something that was found, and what was done with it. */
export interface RepairFinding {
  /** Beside the name: a version, or a file in its folder. */
  readonly entry: string;
  readonly problem: string;
  readonly action: string;
}

/** One name after its repair. */
export interface RepairedModel {
  readonly name: string;
  /** Versions whose hashes verify. */
  readonly sound: readonly string[];
  readonly aliases: Aliases;
  /** Empty when all was in order. */
  readonly findings: readonly RepairFinding[];
}

/** What a repair found and did. */
export interface RepairReport {
  readonly directory: string;
  readonly dryRun: boolean;
  readonly models: readonly RepairedModel[];
}

/** Options of {@link ModelRegistry.setLive}. */
export interface SetLiveOptions {
  /** What answered until now, where that is known better than by the file. */
  readonly replaced?: string | undefined;
  /** Only while this is what the file names as live. */
  readonly onlyIf?: string | null | undefined;
}

/**
 * The models on disk. Every change is durable when its promise resolves, and none happened when it rejects;
 * processes that change the same folder take turns.
 */
export interface ModelRegistry {
  readonly directory: string;
  readonly limits: ModelLimits;
  /**
   * Verifies a package statically, writes it, makes it the candidate and prunes.
   * @throws ModelRejectedError when it is refused (nothing is written), ModelRegistryError `ERR_MODEL_STORE`
   */
  add(draft: ModelDraft): Promise<ModelId>;
  list(): Promise<ModelListing[]>;
  /** @throws ModelRejectedError `ERR_MODEL_MANIFEST` when the manifest is damaged, `ERR_MODEL_FORMAT` */
  show(reference: string): Promise<ModelPackage>;
  /** Resolves `name`, `name@version` or `name@live|previous|candidate`. `ERR_MODEL_NOT_FOUND`. */
  resolve(reference: string): Promise<ModelId>;
  aliases(name: string): Promise<Aliases>;
  /** Makes a version live; the version that was live becomes `previous`. `ERR_MODEL_CHANGED`. */
  setLive(name: string, version: string, options?: SetLiveOptions): Promise<Aliases>;
  /**
   * Makes `previous` (or `to`) live again and leaves no `previous`, so that a bad version is never rolled
   * back to. `ERR_MODEL_NO_PREVIOUS`.
   */
  rollback(name: string, to?: string): Promise<Aliases>;
  /** Removes a version that no alias names and nobody uses. `ERR_MODEL_IN_USE`. */
  remove(name: string, version: string): Promise<void>;
  /** Moves a damaged package out of the way, under `.damaged/`; pointers to it go with it. Null when it is gone. */
  setAside(name: string, version: string): Promise<string | null>;
  /** Holds a version until the result is disposed: it is not pruned or removed meanwhile. */
  hold(name: string, version: string): Disposable;
  /** Removes versions beyond the limit, of one name or of all. @param keep @default that of the registry */
  prune(options?: { readonly name?: string; readonly keep?: number; readonly dryRun?: boolean }): Promise<PruneReport>;
  /** Repairs what a crash, a full disk or a hand left in the folder; deletes nothing. */
  repair(options?: RepairOptions): Promise<RepairReport>;
}

/** Options of `openRegistry`. */
export interface RegistryOptions {
  readonly limits?: Partial<ModelLimits>;
  /** Versions kept of each name, those that an alias names among them; 0 keeps all. @default 20 */
  readonly keepVersions?: number;
  /** Told what was pruned and what could not be tidied up. */
  readonly onNote?: (text: string) => void;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Makes no folder and removes nothing that a crash left. @default false */
  readonly readOnly?: boolean;
}
