// What all clients that steer with one state file share: the policy and what is known of templates.
import { createPolicy } from '../policy/index.ts';
import type { SteeringPolicy } from '../policy/index.ts';
import { defaultArm } from './arms.ts';
import type { SteeringArm } from './database.ts';
import type { SteerOptions } from './options.ts';
import { openStateFile } from './state-file.ts';
import type { StateFile, SteeringDocument } from './state-file.ts';
import { createEntry, idOfTemplate } from './template-entry.ts';
import type { TemplateEntry } from './template-entry.ts';

/** Changes are written at most this often. */
const SAVE_MS = 2000;

/** Policy, templates, and the file that they are kept in. */
export class SteeringMemory {
  readonly policy: SteeringPolicy;
  readonly engine: string;
  /** The default's first. */
  readonly arms: readonly string[];
  readonly entries = new Map<string, TemplateEntry>();
  readonly passed: Record<string, number>;
  readonly #file: StateFile | null;
  #timer: NodeJS.Timeout | null = null;
  #lastError: unknown = null;
  #users = 0;

  constructor(engine: string, arms: readonly SteeringArm[], options: SteerOptions, file: StateFile | null) {
    const { seed = 1, mode, maxOpenExplorations, minGain } = options;
    this.engine = engine;
    this.#file = file;
    this.arms = arms.map(({ name }) => name);
    this.policy = createPolicy({
      arms: this.arms,
      defaultArm,
      seed,
      ...(mode !== undefined && { mode }),
      ...(maxOpenExplorations !== undefined && { maxOpenExplorations }),
      ...(minGain !== undefined && { minGain }),
      ...(file?.document && { state: file.document.policy }),
    });
    for (const entry of file?.document?.templates ?? []) this.entries.set(entry.text, entry);
    this.passed = { ...file?.document?.passed };
  }

  /** How what was learned is kept. */
  get storage(): { readonly path: string | null; readonly isOurs: boolean; readonly error: unknown } {
    return { path: this.#file?.path ?? null, isOurs: this.#file?.isOurs ?? false, error: this.#lastError };
  }

  /** The entry of a template, made when it is new. */
  entryOf(text: string): TemplateEntry {
    const held = this.entries.get(text);
    if (held) return held;
    const entry = createEntry(text);
    this.entries.set(text, entry);
    return entry;
  }

  /** The entry that a person means: its id, the beginning of it, or the text. */
  find(name: string): TemplateEntry | null {
    const id = this.entries.get(name)?.id ?? name;
    const found = [...this.entries.values()].filter(
      (entry) => entry.id.startsWith(id) || entry.id === idOfTemplate(name),
    );
    return found.length === 1 ? found[0]! : null;
  }

  countPass(why: string): void {
    this.passed[why] = (this.passed[why] ?? 0) + 1;
  }

  /** Something changed: it is written soon. */
  touch(): void {
    if (!this.#file?.isOurs || this.#timer) return;
    this.#timer = setTimeout(
      () => void this.save().catch((error: unknown) => (this.#lastError = error)),
      SAVE_MS,
    );
    this.#timer.unref();
  }

  /** Writes what is known now. @throws system errors */
  async save(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#file?.save(this.toDocument());
    this.#lastError = null;
  }

  toDocument(): SteeringDocument {
    return {
      format: 'ruvector-steer',
      version: 1,
      engine: this.engine,
      savedAt: new Date().toISOString(),
      policy: this.policy.toJSON(),
      templates: [...this.entries.values()],
      passed: this.passed,
    };
  }

  retain(): void {
    this.#users++;
  }

  /** @returns true when nobody steers with it any more */
  async leave(): Promise<boolean> {
    await this.save();
    if (--this.#users > 0) return false;
    this.#file?.release();
    return true;
  }
}

const open = new Map<string, Promise<SteeringMemory>>();

/** Opens the memory of a state file; clients of this process get the same one. @throws RuvectorError `ERR_STEER_STATE` */
export async function openSteeringMemory(
  engine: string,
  arms: readonly SteeringArm[],
  options: SteerOptions,
): Promise<SteeringMemory> {
  const path = options.stateFile;
  if (path === undefined) return retained(new SteeringMemory(engine, arms, options, null));
  const held = open.get(path);
  if (held) return retained(await held);
  const opening = openStateFile(path).then((file) => {
    try {
      return new SteeringMemory(engine, arms, options, file);
    } catch (error) {
      file.release();
      throw error;
    }
  });
  open.set(path, opening);
  opening.catch(() => open.delete(path));
  return retained(await opening);
}

function retained(memory: SteeringMemory): SteeringMemory {
  memory.retain();
  return memory;
}

/** The last client of a memory releases its file. */
export async function closeSteeringMemory(memory: SteeringMemory, path: string | undefined): Promise<void> {
  if (await memory.leave()) {
    if (path !== undefined) open.delete(path);
  }
}
