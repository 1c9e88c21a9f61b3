// The live model of one name: answers rows while versions come and go. A swap is one pointer assignment after
// the new version was verified, golden-checked and warm in the other worker; the old session is released when
// its last answer is out. `previous` stays loaded, so a rollback is a pointer assignment too.
import { isRuvectorError } from '../core/index.ts';
import type { RowHistory, RuvectorError } from '../core/index.ts';
import { AliasFollower } from './alias-follower.ts';
import { hostClosedError, liveChangedError, noModelError, noPreviousError } from './errors.ts';
import { HeldVersions } from './held-versions.ts';
import type {
  AliasesBehind,
  Judgement,
  LiveMark,
  ModelEvent,
  ModelHost,
  ModelHostOptions,
  RollbackReport,
  SwapReport,
} from './host-types.ts';
import type { ModelComparison } from './comparison.ts';
import type { ComparisonTask } from './evaluate.ts';
import type { InferenceThread } from './inference-thread.ts';
import type { LoadReport } from './load-model.ts';
import type { TaskAnswer } from './answer-shape.ts';
import { ERROR_WINDOW, askModel, countOutcome, rowOf, toPrediction, toTaskAnswer } from './loaded-model.ts';
import type { LoadedModel, ReadAnswer } from './loaded-model.ts';
import type { ModelTask } from './manifest.ts';
import { createModelLoader } from './model-loader.ts';
import type { LoadResult, ModelLoader } from './model-loader.ts';
import type { ModelPackage, RepairReport } from './registry-types.ts';
import { createThreadPair } from './thread-pair.ts';
import type { ThreadPair } from './thread-pair.ts';

/**
 * Creates the host and loads the live version of the registry. A live version that cannot be loaded is an
 * event, not an error: the host rolls back to `previous`, else starts without a model.
 */
export async function createModelHost(options: ModelHostOptions): Promise<ModelHost> {
  const host = new SwappingHost(options, 'classification', toPrediction);
  await host.start();
  return host;
}

/** The same for a name whose models do not decide. */
export async function createTaskHost(
  options: ModelHostOptions & { readonly task: TaskAnswer['task'] },
): Promise<ModelHost<TaskAnswer>> {
  const host = new SwappingHost(options, options.task, toTaskAnswer);
  await host.start();
  return host;
}

class SwappingHost<Answer> implements ModelHost<Answer> {
  readonly #options;
  readonly #read: ReadAnswer<Answer>;
  readonly #threads: ThreadPair;
  readonly #loader: ModelLoader;
  readonly #background = new Set<Promise<void>>();
  readonly #follower: AliasFollower;
  readonly #held: HeldVersions;
  #live: LoadedModel | null = null;
  #previous: LoadedModel | null = null;
  #changes: Promise<unknown> = Promise.resolve();
  /** Set while the live model is being replaced after an error or a lost worker. */
  #rescue: Promise<void> | null = null;
  #openRequests = 0;
  #isClosed = false;
  #onDrained: (() => void) | null = null;

  constructor(options: ModelHostOptions, task: ModelTask, read: ReadAnswer<Answer>) {
    this.#read = read;
    this.#options = {
      onEvent: () => undefined,
      probationAnswers: 1000,
      maxErrorRate: 0.1,
      warmupRuns: 20,
      isolation: 'process' as const,
      keepPreviousBytes: 64 << 20,
      capacity: 4096,
      requestTimeoutMs: 5000,
      loadTimeoutMs: 30_000,
      recycle: { maxLoads: 4096, maxHeapBytes: 128 << 20 },
      ...options,
      task,
    };
    this.#loader = createModelLoader(this.#options);
    const { registry, name } = this.#options;
    this.#held = new HeldVersions(registry, name);
    this.#follower = new AliasFollower({
      registry,
      name,
      onFailed: (error) => this.#emit({ type: 'store-failed', version: this.#live?.version ?? null, error }),
      onFollowed: (version) => this.#emit({ type: 'store-followed', version }),
    });
    const { capacity, requestTimeoutMs, loadTimeoutMs, featureNames, recycle } = this.#options;
    this.#threads = createThreadPair(
      { featureCount: featureNames.length, capacity, requestTimeoutMs, loadTimeoutMs },
      recycle,
      (thread, error) => this.#handleLost(thread, error as RuvectorError),
    );
  }

  get liveVersion(): string | null {
    return this.#live?.stamp ?? null;
  }

  async predict(features: Float32Array, history?: RowHistory): Promise<Answer> {
    if (this.#isClosed) throw hostClosedError(this.#options.name);
    this.#openRequests++;
    try {
      if (this.#live === null || this.#live.thread.isLost) await this.#rescue;
      const model = this.#live;
      if (model === null) throw noModelError(this.#options.name);
      const row = rowOf(model, features, history);
      try {
        return await this.#ask(model, row);
      } catch (error) {
        const substitute = await this.#afterFailure(model, error as RuvectorError);
        if (substitute === null) throw error;
        return await this.#ask(substitute, rowOf(substitute, features, history));
      }
    } finally {
      if (--this.#openRequests === 0) this.#onDrained?.();
    }
  }

  get aliasesBehind(): AliasesBehind | null {
    return this.#follower.behind;
  }

  activate(version: string, while_?: LiveMark): Promise<SwapReport> {
    return this.#change(async () => {
      try {
        return await this.#activate(version, while_);
      } catch (error) {
        this.#emit({ type: 'rejected', version, error: error as RuvectorError });
        throw error;
      }
    });
  }

  rollback(): Promise<RollbackReport> {
    return this.#change(async () => {
      const from = this.#live?.version ?? null;
      try {
        return await this.#rollback(from);
      } catch (error) {
        this.#emit({ type: 'rollback-failed', version: from, error: error as RuvectorError });
        throw error;
      }
    });
  }

  /** The disk first: where it refuses, nothing has happened. */
  async #rollback(from: string | null): Promise<RollbackReport> {
    const started = performance.now();
    const { registry, name } = this.#options;
    const loaded = isUsable(this.#previous) ? this.#previous : null;
    const model = loaded ?? (await this.#load(await this.#previousOnDisk())).model;
    const { version } = model;
    try {
      await registry.rollback(name, version);
    } catch (error) {
      if (loaded === null) this.#retire(model);
      throw error;
    }
    this.#follower.forget();
    const swapUs = this.#swap(model, null);
    const totalMs = performance.now() - started;
    this.#emit({ type: 'rolled-back', from, to: version, automatic: false, error: null });
    // Its worker may have gone while the disk wrote.
    if (model.thread.isLost) this.#startRescue(() => this.#recover(model, noModelError(name)));
    return { version, from, wasLoaded: loaded !== null, swapUs, totalMs };
  }

  verify(reference: string): Promise<LoadReport> {
    return this.#loader.verify(reference);
  }

  async judge(reference: string, rule: ModelPackage | null): Promise<Judgement> {
    const { registry } = this.#options;
    const { name } = await registry.resolve(reference);
    const mark = await this.#mark(name);
    const result = await this.#loader.judge(reference, mark.answering === null ? rule : `${name}@${mark.answering}`);
    return { ...result, mark };
  }

  repair({ dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<RepairReport> {
    const { registry, name } = this.#options;
    return this.#change(() => {
      const live = this.#live === null ? null : { name, version: this.#live.version };
      return registry.repair({ dryRun, live });
    });
  }

  compare(a: string, b: string, history: ComparisonTask['history']): Promise<ModelComparison> {
    return this.#loader.compare(a, b, history);
  }

  prewarm(): void {
    if (this.#isClosed) return;
    this.#loader.prewarm();
    this.#threads.standby(this.#live);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#changes;
    if (this.#openRequests > 0) await new Promise<void>((resolve) => (this.#onDrained = resolve));
    await Promise.all(this.#background);
    await this.#follower.close();
    this.#loader.close();
    await this.#threads.close();
    this.#live = null;
    this.#previous = null;
    this.#held.keep([]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Loads the registry's live version, else its previous one. */
  async start(): Promise<void> {
    const { registry, name } = this.#options;
    try {
      const { live, previous } = await registry.aliases(name);
      const error = live === null ? null : await this.#startWith(live);
      // A model of another specification is sound: another configuration of this host may want it.
      const isDamaged = error !== null && error.code !== 'ERR_MODEL_FEATURES';
      if (isDamaged && previous !== null) {
        if ((await this.#startWith(previous)) === null) {
          await registry.rollback(name, previous);
          this.#emit({ type: 'rolled-back', from: live, to: previous, automatic: true, error: null });
        }
      }
    } catch (error) {
      if (!isRuvectorError(error)) throw error;
      this.#emit({ type: 'rejected', version: null, error });
    }
  }

  /** Null when the version is live now, else why not. */
  async #startWith(version: string): Promise<RuvectorError | null> {
    try {
      this.#swap((await this.#load(version)).model, null);
      return null;
    } catch (error) {
      if (!isRuvectorError(error)) throw error;
      this.#emit({ type: 'rejected', version, error });
      return error;
    }
  }

  async #activate(version: string, while_?: LiveMark): Promise<SwapReport> {
    const started = performance.now();
    const { registry, name } = this.#options;
    await this.#checkMark(version, while_);
    const { model, report, probeMs } = await this.#load(version);
    try {
      await this.#checkMark(version, while_);
      await registry.setLive(name, version, { replaced: this.#live?.version, onlyIf: while_?.onDisk });
    } catch (error) {
      this.#retire(model);
      throw error;
    }
    this.#follower.forget();
    const previous = this.#live;
    const swapUs = this.#swap(model, previous);
    const totalMs = performance.now() - started;
    const swap = { version, previous: previous?.version ?? null, ...report, probeMs, swapUs, totalMs };
    this.#emit({ type: 'activated', version, report: swap });
    return swap;
  }

  /** What is live under a name: of the host's own, what answers here too. */
  async #mark(name: string): Promise<LiveMark> {
    const { registry, name: own } = this.#options;
    const { live } = await registry.aliases(name);
    return { answering: name === own ? (this.#live?.version ?? null) : live, onDisk: live };
  }

  async #checkMark(version: string, wanted: LiveMark | undefined): Promise<void> {
    if (wanted === undefined) return;
    const { name } = this.#options;
    const { answering, onDisk } = await this.#mark(name);
    if (answering === wanted.answering && onDisk === wanted.onDisk) return;
    throw liveChangedError(name, version, answering ?? onDisk);
  }

  /** The swap: new requests go to `model` from the assignment on. Returns how long it took, in µs. */
  #swap(model: LoadedModel, keep: LoadedModel | null): number {
    const leaving = new Set([this.#live, this.#previous]);
    const started = performance.now();
    this.#live = model;
    const swapUs = (performance.now() - started) * 1000;
    // The same version again is no version to go back to.
    if (keep?.version !== model.version) this.#previous = this.#isKept(keep) ? keep : null;
    for (const old of leaving) if (old !== null && old !== model && old !== this.#previous) this.#retire(old);
    this.#held.keep([this.#live, this.#previous]);
    return swapUs;
  }

  #isKept(model: LoadedModel | null): boolean {
    return isUsable(model) && model.sizeBytes <= this.#options.keepPreviousBytes;
  }

  #retire(model: LoadedModel): void {
    model.isRetired = true;
    if (model.inFlight === 0) this.#threads.drop(model);
  }

  #ask(model: LoadedModel, features: Float32Array): Promise<Answer> {
    return askModel(model, features, this.#read, (idle) => {
      if (idle.isRetired) this.#threads.drop(idle);
    });
  }

  async #load(version: string): Promise<LoadResult> {
    const result = await this.#loader.load(version, (width) =>
      this.#threads.standby(this.#live, width),
    );
    this.#threads.hold(result.model);
    return result;
  }

  async #previousOnDisk(): Promise<string> {
    const { registry, name } = this.#options;
    const { previous } = await registry.aliases(name);
    if (previous === null) throw noPreviousError(name);
    return previous;
  }

  /** Decides what answers in place of a model that failed; null when nothing can. */
  async #afterFailure(model: LoadedModel, error: RuvectorError): Promise<LoadedModel | null> {
    if (isRuvectorError(error, 'ERR_MODEL_BUSY')) return null;
    if (model === this.#live && !model.thread.isLost) {
      countOutcome(model, 1);
      const onTrial = model.answers < this.#options.probationAnswers;
      const isFailing = model.windowErrors >= this.#options.maxErrorRate * ERROR_WINDOW;
      if (onTrial || isFailing) this.#startRollback(model, error);
      else if (isUsable(this.#previous)) return this.#previous;
    }
    await this.#rescue;
    if (!isUsable(this.#live) || this.#live === model) return null;
    // A row on which a version hangs is not asked of that version again.
    const isSame = this.#live.version === model.version;
    return isSame && isRuvectorError(error, 'ERR_MODEL_TIMEOUT') ? null : this.#live;
  }

  #handleLost(thread: InferenceThread, error: RuvectorError): void {
    if (this.#previous?.thread === thread) this.#previous = null;
    const model = this.#live?.thread === thread ? this.#live : null;
    this.#emit({ type: 'worker-lost', version: model?.version ?? null, error });
    if (model === null || this.#isClosed) return;
    const onTrial = model.answers < this.#options.probationAnswers;
    if (onTrial && isUsable(this.#previous)) this.#startRollback(model, error);
    else this.#startRescue(() => this.#recover(model, error));
  }

  /** Rolls back at once when `previous` is loaded; else in the background, and callers wait for it. */
  #startRollback(model: LoadedModel, error: RuvectorError): void {
    if (isUsable(this.#previous)) {
      const to = this.#previous;
      this.#swap(to, null);
      this.#emit({ type: 'rolled-back', from: model.version, to: to.version, automatic: true, error });
      this.#inBackground(this.#follower.follow(model.version, to.version));
    } else if (this.#rescue === null) {
      this.#startRescue(() => this.#rollbackFromDisk(model, error));
    }
  }

  #startRescue(rescue: () => Promise<void>): void {
    const run = this.#change(rescue).catch((error: unknown) => {
      const known = error as RuvectorError;
      this.#emit({ type: 'rejected', version: this.#live?.version ?? null, error: known });
    });
    const rescued = run.finally(() => {
      if (this.#rescue === rescued) this.#rescue = null;
    });
    this.#rescue = rescued;
  }

  async #recover(model: LoadedModel, cause: RuvectorError): Promise<void> {
    if (this.#live !== model) return;
    const started = performance.now();
    try {
      const { model: fresh } = await this.#load(model.version);
      this.#live = fresh;
      if (!isUsable(this.#previous)) this.#previous = null;
      const recoveryMs = performance.now() - started;
      this.#emit({ type: 'recovered', version: model.version, recoveryMs });
    } catch (error) {
      this.#emit({ type: 'rejected', version: model.version, error: error as RuvectorError });
      await this.#rollbackFromDisk(model, cause);
    }
  }

  async #rollbackFromDisk(model: LoadedModel, error: RuvectorError): Promise<void> {
    if (this.#live !== model) return;
    const { registry, name } = this.#options;
    const { previous } = await registry.aliases(name);
    if (previous === null || previous === model.version) {
      if (model.thread.isLost) this.#live = null;
      return;
    }
    const { model: earlier } = await this.#load(previous);
    this.#swap(earlier, null);
    this.#emit({ type: 'rolled-back', from: model.version, to: previous, automatic: true, error });
    await this.#follower.follow(model.version, previous);
  }

  #inBackground(work: Promise<void>): void {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }

  /** One change of what is live at a time. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const run = this.#changes.then(() => {
      if (this.#isClosed) throw hostClosedError(this.#options.name);
      return change();
    });
    this.#changes = run.catch(() => undefined);
    return run;
  }

  #emit(event: ModelEvent): void {
    this.#options.onEvent(event);
  }
}

function isUsable(model: LoadedModel | null): model is LoadedModel {
  return model !== null && !model.thread.isLost && !model.isRetired;
}
