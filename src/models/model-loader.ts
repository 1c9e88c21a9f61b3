// From a version in the registry to a model that can answer: features held against the host's, unknown bytes
// tried in the probe process, then loaded in a worker. Moves no pointer: that is host.ts.
import { describeWindow, isRuvectorError } from '../core/index.ts';
import { modelCrashedError, modelFeaturesError, modelTaskError, setAsideError } from './errors.ts';
import type { InferenceThread } from './inference-thread.ts';
import type { ModelComparison } from './comparison.ts';
import { heldOutSource, readHeldOut } from './held-out-file.ts';
import type { ComparisonTask, GateResult } from './evaluate.ts';
import type { GoldenRows } from './golden.ts';
import { readGolden } from './load-model.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';
import { buildLoadedModel } from './loaded-model.ts';
import type { LoadedModel } from './loaded-model.ts';
import { createProbe } from './probe.ts';
import type { Probe } from './probe.ts';
import { taskOf } from './manifest.ts';
import type { ModelTask } from './manifest.ts';
import type { ModelPackage, ModelRegistry } from './registry-types.ts';
import { verifyFeatures } from './verify.ts';
import type { FeatureContract } from './verify.ts';
import { isHeldBy } from './window-rows.ts';
import type { HostWindows, WindowRows } from './window-rows.ts';

/** What a loader needs to know. */
export interface ModelLoaderOptions extends FeatureContract {
  readonly registry: ModelRegistry;
  readonly name: string;
  /** What models of the name answer. */
  readonly task: ModelTask;
  readonly windows?: HostWindows;
  readonly warmupRuns: number;
  readonly isolation: 'process' | 'none';
  /** @default one of its own */
  readonly probe?: Probe;
  readonly loadTimeoutMs: number;
}

/** A model that is loaded, with how that went. */
export interface LoadResult {
  readonly model: LoadedModel;
  readonly report: LoadReport;
  /** Time in the probe process; 0 when this host loaded the same package before. */
  readonly probeMs: number;
}

/** Loads versions of one model name. */
export interface ModelLoader {
  /**
   * Loads a version in the worker `pickThread` gives for rows of so many columns, asked for after the probe.
   * @throws ModelRejectedError; a damaged package was set aside then
   */
  load(version: string, pickThread: (featureCount: number) => InferenceThread): Promise<LoadResult>;
  /** Loads any reference in the probe process only. */
  verify(reference: string): Promise<LoadReport>;
  /**
   * Judges a version with held-out rows beside what is live, in the probe process; it counts as tried then.
   * @throws ModelRejectedError when the version is refused
   */
  judge(reference: string, live: string | ModelPackage | null): Promise<GateResult>;
  /** Compares two references in the probe process. */
  compare(a: string, b: string, history: ComparisonTask['history']): Promise<ModelComparison>;
  /** Starts the next probe process ahead of time. */
  prewarm(): void;
  /** Ends a probe process that waits. */
  close(): void;
}

/** Builds a loader. */
export function createModelLoader(options: ModelLoaderOptions): ModelLoader {
  const probed = new Set<string>();
  let nextSessionId = 1;

  const probe = options.probe ?? createProbe();

  const tryFirst = async (request: LoadRequest): Promise<number> => {
    const key = request.manifest.checksum;
    if (options.isolation === 'none' || probed.has(key)) return 0;
    const started = performance.now();
    await probe.load(request, options.loadTimeoutMs);
    probed.add(key);
    return performance.now() - started;
  };
  return {
    load: async (version, pickThread) => {
      using _held = options.registry.hold(options.name, version);
      try {
        const request = await readRequest(options, `${options.name}@${version}`);
        verifyTask(request.manifest, options);
        const probeMs = await tryFirst(request);
        const golden = await decodeHere(request);
        const thread = pickThread(request.manifest.features.length);
        const sessionId = nextSessionId++;
        const report = await thread.load(sessionId, { ...request, golden });
        return { model: buildLoadedModel(request.manifest, thread, sessionId), report, probeMs };
      } catch (error) {
        throw await explain(options, version, error);
      }
    },
    verify: async (reference) => {
      const request = await readRequest(options, reference);
      using _held = holdPackage(options, request);
      return await probe.load(request, options.loadTimeoutMs);
    },
    judge: async (reference, live) => {
      const candidate = await readRequest(options, reference);
      using _held = holdPackage(options, candidate);
      const rival = await readRival(options, live);
      using _rivalHeld = rival && holdPackage(options, rival);
      const others = rival ? await readOthers(options, candidate, [rival]) : [];
      const result = await probe.gate({ candidate, live: rival, others }, 2 * options.loadTimeoutMs);
      probed.add(candidate.manifest.checksum);
      return result;
    },
    compare: async (a, b, history) => {
      const pair = { a: await readRequest(options, a), b: await readRequest(options, b) };
      using _heldA = holdPackage(options, pair.a);
      using _heldB = holdPackage(options, pair.b);
      const source = history ? null : heldOutSource(pair);
      const others = source ? await readOthers(options, source, [pair.a, pair.b]) : [];
      const task = { ...pair, history, others };
      return await probe.compare(task, 2 * options.loadTimeoutMs);
    },
    prewarm: () => {
      if (options.isolation === 'process') probe.prewarm();
    },
    close: () => probe.close(),
  };
}

/** A model of another task never answers under a name. */
function verifyTask(manifest: ModelPackage['manifest'], { name, task }: ModelLoaderOptions): void {
  const own = taskOf(manifest);
  if (own === task) return;
  throw modelTaskError(`under the name "${name}" models for ${task} answer and it is for ${own}; deploy it under another name`,
    { name, task: own },
  );
}

/** It stays on disk while a process reads it. */
function holdPackage({ registry }: ModelLoaderOptions, { manifest }: LoadRequest): Disposable {
  return registry.hold(manifest.name, manifest.version);
}

/** More rows, or more bytes, would hold the calling thread up for milliseconds. */
const MAX_ROWS_HERE = 4096;
const MAX_BYTES_HERE = 1 << 20;

/**
 * Decodes the golden rows in this thread, which has Arrow loaded anyway: in a worker it is a third of the heap.
 * Undefined leaves it to the worker, which then also says what is wrong with them, in its order of checks.
 */
async function decodeHere(request: LoadRequest): Promise<GoldenRows | undefined> {
  if (request.manifest.golden.rows > MAX_ROWS_HERE) return undefined;
  const limits = { ...request.limits, maxGoldenBytes: MAX_BYTES_HERE };
  return readGolden({ ...request, limits }).catch(() => undefined);
}

async function readRequest(options: ModelLoaderOptions, reference: string): Promise<LoadRequest> {
  return toRequest(options, await options.registry.show(reference));
}

/** A live model that takes other features, or is damaged, is nothing to be held against. */
async function readRival(
  options: ModelLoaderOptions,
  live: string | ModelPackage | null,
): Promise<LoadRequest | null> {
  if (live === null) return null;
  try {
    return typeof live === 'string' ? await readRequest(options, live) : toRequest(options, live);
  } catch (error) {
    if (isRuvectorError(error)) return null;
    throw error;
  }
}

function toRequest(options: ModelLoaderOptions, { directory, manifest }: ModelPackage): LoadRequest {
  const { registry, warmupRuns } = options;
  const contract = contractFor(options, manifest);
  verifyFeatures(manifest, contract);
  return { directory, manifest, contract, limits: registry.limits, warmupRuns };
}

/** What this host computes of what a model looks at. @throws ModelRejectedError `ERR_MODEL_FEATURES` */
function contractFor(options: ModelLoaderOptions, { window }: ModelPackage['manifest']): FeatureContract {
  const { featureNames, featureSpecSha256, rateWindowMs } = options;
  if (window === undefined)
    return { featureNames, featureSpecSha256, ...(rateWindowMs !== undefined && { rateWindowMs }) };
  const contract = options.windows?.contract(window) ?? null;
  if (contract !== null) return contract;
  throw modelFeaturesError(
    `it looks at ${describeWindow(window)}, and this host keeps no rows that old; train with a shorter window`,
    { window },
  );
}

/** Held-out rows over the windows that they do not hold, as far as the history does; none without times. */
async function readOthers(
  { windows }: ModelLoaderOptions,
  source: LoadRequest,
  models: readonly LoadRequest[],
): Promise<WindowRows[]> {
  const lacking = models.flatMap(({ manifest: { window } }) =>
    window !== undefined && !isHeldBy(window, source.manifest.window) ? [window] : [],
  );
  if (lacking.length === 0 || windows === undefined || source.manifest.heldOut === undefined) return [];
  const { timestamps } = await readHeldOut(source);
  if (timestamps === null) return [];
  return Promise.all(lacking.map((window) => windows.read(window, timestamps)));
}

/** Sets a damaged package aside; a model that took the worker with it is a rejection too. */
async function explain(options: ModelLoaderOptions, version: string, error: unknown): Promise<unknown> {
  const { registry, name } = options;
  if (isRuvectorError(error, 'ERR_MODEL_WORKER_LOST')) {
    return modelCrashedError(`it ended the worker that loaded it (${error.message})`, {}, error);
  }
  // A version that vanished leaves no pointer behind either.
  if (isRuvectorError(error, 'ERR_MODEL_NOT_FOUND')) await registry.setAside(name, version).catch(() => null);
  if (isRuvectorError(error, 'ERR_MODEL_SHA256') || isRuvectorError(error, 'ERR_MODEL_MANIFEST')) {
    const path = await registry.setAside(name, version).catch(() => null);
    return setAsideError(error, path);
  }
  return error;
}
