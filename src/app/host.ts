// A running host: collector → history → features → optimizer, with the model host and the bridge beside
// them. Wires the rooms and owns their life cycle; what each does is in its own room.
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { memoryKind, messageOf, optimizationKind, processKind } from '../core/index.ts';
import type { AnyRow, MemorySnapshot, OptimizationEvent, ProcessRecord } from '../core/index.ts';
import { createModelHost, openRegistry } from '../models/index.ts';
import type { GateReport, ModelComparison, ModelHost, ModelRegistry, SwapReport } from '../models/index.ts';
import { createOptimizer } from '../optimize/index.ts';
import type { Actuator, Decision, Explanation, Optimizer } from '../optimize/index.ts';
import { buildFeatureSpec, createLiveAnonymizer, featureSpecSha256 } from '../prepare/index.ts';
import type { FeatureSpec } from '../prepare/index.ts';
import { openHistory } from '../store/index.ts';
import type { History, HistoryKind } from '../store/index.ts';
import { PROTOCOL_VERSION, createBridgeServer, createIpcEndpoints, writeBridgeFile } from '../wire/index.ts';
import type { BridgeServer, OwnedEndpoints } from '../wire/index.ts';
import { installBaseline } from './baseline.ts';
import type { Baseline } from './baseline.ts';
import { buildRequests } from './bridge-requests.ts';
import { buildStreams } from './bridge-streams.ts';
import { readComparisonRows } from './comparison-rows.ts';
import type { HostConfig } from './config.ts';
import { createDatasetService } from './dataset-service.ts';
import type { DatasetService } from './dataset-service.ts';
import { notReadyError } from './errors.ts';
import { createHome } from './home.ts';
import type { Deployment, Host, HostCounters, HostListener, Latest, ModelUpload } from './host-types.ts';
import type { Home } from './home.ts';
import { LiveFeed } from './live-feed.ts';
import { describeDeployment, describeModelEvent, withoutHeldOutRows } from './model-texts.ts';
import { createSampleService } from './sample-service.ts';
import type { SampleService } from './sample-service.ts';
import { noOutlets } from './outlets-status.ts';
import type { OutletsStatus } from './outlets-status.ts';
import { runSampling } from './sampling.ts';
import { buildStatus } from './status.ts';
import { createStreamService } from './stream-service.ts';
import type { StreamService } from './stream-service.ts';
import type { HostStatus } from './status-types.ts';
import { createTrainingService } from './training-service.ts';
import type { TrainingService } from './training-types.ts';

/**
 * Opens everything: history (locked), registry, model host with the live model if there is one,
 * optimizer, bridge, and run/bridge.json last, so that who finds the file finds a host that answers.
 * @param actuators @default those of the optimize room
 * @throws RuvectorError `ERR_STORE_LOCKED` when another host runs on this home, and what the rooms throw
 */
export async function openHost(
  home: Home,
  config: HostConfig,
  listener: HostListener = {},
  actuators?: readonly Actuator[],
): Promise<Host> {
  const cleanup = new AsyncDisposableStack();
  try {
    createHome(home);
    const host = new RunningHost(
      home,
      config,
      listener,
      cleanup,
      await openParts(home, config, listener, cleanup),
    );
    await host.start(actuators);
    return host;
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

const DAY_MS = 86_400_000;

interface Parts {
  history: History;
  registry: ModelRegistry;
  models: ModelHost;
  spec: FeatureSpec;
  samples: SampleService;
  baseline: Baseline;
}

async function openParts(
  home: Home,
  config: HostConfig,
  listener: HostListener,
  cleanup: AsyncDisposableStack,
): Promise<Parts> {
  const history = cleanup.use(
    await openHistory(home.history, {
      retainMs: config.retainDays === 0 ? Infinity : config.retainDays * DAY_MS,
      retainBytes: config.retainMib * 2 ** 20,
      onProblem: (problem) => {
        listener.onLog?.(`${problem.code}: ${problem.message}`);
        listener.onProblem?.(problem);
      },
    }),
  );
  const spec = buildFeatureSpec({ intervalMs: 1000 / config.hz });
  const samples = cleanup.use(
    await createSampleService({ home, config, spec, history, onLog: (text) => listener.onLog?.(text) }),
  );
  const registry = await openRegistry(home.models);
  const baseline = await installBaseline({
    registry,
    name: config.modelName,
    featureNames: spec.names,
    featureSpecSha256: featureSpecSha256(spec),
    isWanted: config.baseline,
    onLog: (text) => listener.onLog?.(text),
  });
  const models = cleanup.use(
    await createModelHost({
      registry,
      name: config.modelName,
      featureNames: spec.names,
      featureSpecSha256: featureSpecSha256(spec),
      onEvent: (event) => {
        listener.onLog?.(describeModelEvent(event));
        listener.onModelEvent?.(event);
      },
    }),
  );
  return { history, registry, models, spec, samples, baseline };
}

class RunningHost implements Host {
  readonly home: Home;
  readonly config: HostConfig;
  readonly history: History;
  readonly registry: ModelRegistry;
  readonly models: ModelHost;
  readonly spec: FeatureSpec;
  readonly samples: SampleService;
  readonly datasets: DatasetService;
  readonly training: TrainingService;
  readonly streams: StreamService;
  optimizer!: Optimizer;
  bridge!: BridgeServer;
  latest: Latest | null = null;
  isActing: boolean;
  outlets: () => OutletsStatus = () => noOutlets;
  readonly #baseline: Baseline;
  /** What became of the model that was deployed last. */
  #lastDeployment: Deployment | null = null;
  #deployments: Promise<unknown> = Promise.resolve();
  #missed = 0;
  #samples = 0;
  #lastActionMs: number | null = null;
  readonly #startedMs = Date.now();
  readonly #firstDecisionMs = new Map<string, number>();
  readonly #feeds: Record<'memory' | 'process' | 'optimization', LiveFeed>;
  readonly #listener: HostListener;
  readonly #cleanup: AsyncDisposableStack;

  constructor(
    home: Home,
    config: HostConfig,
    listener: HostListener,
    cleanup: AsyncDisposableStack,
    parts: Parts,
  ) {
    this.home = home;
    this.config = config;
    this.history = parts.history;
    this.registry = parts.registry;
    this.models = parts.models;
    this.spec = parts.spec;
    this.samples = parts.samples;
    this.#baseline = parts.baseline;
    this.isActing = config.act;
    this.#listener = listener;
    this.#cleanup = cleanup;
    this.datasets = createDatasetService({
      history: parts.history,
      spec: parts.spec,
      horizonMs: config.horizonMs,
    });
    this.training = createTrainingService(this);
    this.streams = createStreamService(parts.history, (text) => listener.onLog?.(text));
    this.#feeds = {
      memory: new LiveFeed(memoryKind, parts.history),
      process: new LiveFeed(processKind, parts.history),
      optimization: new LiveFeed(optimizationKind, parts.history),
    };
  }

  /** Starts what needs the host itself: the optimizer and the bridge. */
  async start(actuators?: readonly Actuator[]): Promise<void> {
    this.#lastActionMs = await lastActionOf(this.history);
    this.optimizer = this.#cleanup.use(await this.#createOptimizer(actuators));
    this.#cleanup.use(this.training);
    this.bridge = this.#cleanup.use(await this.#createBridge());
    this.#cleanup.use(this.streams);
    const { control, data } = this.bridge.endpoints;
    await writeBridgeFile(this.home.bridgeFile, {
      endpoints: { control, data },
      token: this.#token,
      pid: process.pid,
      protocol: PROTOCOL_VERSION,
    });
    this.#cleanup.defer(() => rm(this.home.bridgeFile, { force: true }));
  }

  readonly #token = randomBytes(32).toString('hex');

  #createOptimizer(actuators?: readonly Actuator[]): Promise<Optimizer> {
    const { config } = this;
    return createOptimizer({
      predictor: this.models,
      targets: config.targets,
      ...(actuators && { actuators }),
      act: () => this.isActing,
      goal: config.goal,
      stallBudget: config.stallBudget,
      ...(config.minQuietMs !== null && { minQuietMs: config.minQuietMs }),
      ...(config.outcomeWindowMs !== null && {
        windowMs: config.outcomeWindowMs,
        minIntervalMs: Math.min(6000, 2 * config.outcomeWindowMs),
      }),
      maxBytesPerWindow: config.maxBytesPerMinute,
      byteWindowMs: 60_000,
      sampleIntervalMs: 1000 / config.hz,
      onDecision: (decision) => this.#noteDecision(decision),
      onEvent: (event) => this.#noteOptimization(event),
    });
  }

  async #createBridge(): Promise<BridgeServer> {
    await mkdir(this.home.run, { recursive: true, mode: 0o700 });
    const endpoints = await this.#endpoints();
    return createBridgeServer({
      controlEndpoint: endpoints.control,
      dataEndpoint: endpoints.data,
      token: this.#token,
      requests: buildRequests(this),
      streams: buildStreams({
        feeds: this.#feeds,
        datasets: this.datasets,
        // A new key each start: hashes of two runs cannot be joined.
        anonymizer: this.#cleanup.use(createLiveAnonymizer()),
      }),
      onEvent: (event) =>
        this.#listener.onLog?.(`bridge: ${event.plane} ${event.type} ${event.clientId ?? ''}`),
    });
  }

  async #endpoints(): Promise<{ control: string; data: string }> {
    if (this.config.transport === 'tcp') return { control: 'tcp://127.0.0.1:0', data: 'tcp://127.0.0.1:0' };
    const owned: OwnedEndpoints = await createIpcEndpoints(this.home.run);
    this.#cleanup.defer(() => owned.dispose());
    return owned;
  }

  async run(signal: AbortSignal): Promise<void> {
    await runSampling({
      config: this.config,
      spec: this.spec,
      signal,
      lastActionMs: () => this.#lastActionMs,
      ownRefaults: () => this.optimizer.ownRefaults(),
      onSample: async (sample, features, missed) => {
        this.#samples++;
        this.#missed = missed;
        this.latest = { snapshot: sample.memory, features, health: sample.health };
        this.#append(sample.memory, sample.processes);
        this.#listener.onSample?.(this.latest);
        // A decision that fails is no reason to stop sampling.
        const observed = this.samples.observe(sample.memory, features);
        const decided = features ? this.#decideOnSample() : this.optimizer.observe(sample.memory);
        await decided.catch((error) => this.#listener.onLog?.(messageOf(error)));
        await observed;
      },
    });
  }

  #append(memory: MemorySnapshot, processes: readonly ProcessRecord[] | null): void {
    this.history.append('memory', [memory]);
    this.#publish('memory', [memory]);
    if (!processes) return;
    this.history.append('process', processes);
    this.#publish('process', processes);
  }

  async #decideOnSample(): Promise<void> {
    this.samples.notePrediction((await this.decide()).label);
  }

  #publish(kind: HistoryKind, rows: readonly AnyRow[]): void {
    this.#feeds[kind].publish(rows);
    this.streams.publish(kind, rows);
  }

  async decide(): Promise<Decision> {
    const { snapshot, features } = this.#ready();
    return this.optimizer.tick({ snapshot, features, featureNames: this.spec.names });
  }

  async explain(): Promise<Explanation> {
    const { snapshot, features } = this.#ready();
    return this.optimizer.explain({ snapshot, features, featureNames: this.spec.names });
  }

  #ready(): { snapshot: MemorySnapshot; features: Float32Array } {
    const { latest } = this;
    if (!latest?.features) throw notReadyError(this.spec.rateWindowMs, latest !== null);
    return { snapshot: latest.snapshot, features: latest.features };
  }

  setActing(isActing: boolean): void {
    this.isActing = isActing;
  }

  /** One after the other: two that came at once must not both be judged against what the first one replaces. */
  deploy(upload: ModelUpload): Promise<Deployment> {
    const run = this.#deployments.then(() => this.#deploy(upload));
    this.#deployments = run.catch((error: unknown) => this.#listener.onRefusedDeployment?.(error));
    return run;
  }

  async #deploy({ activate, ...package_ }: ModelUpload): Promise<Deployment> {
    const named = package_.manifest['name'];
    const name = typeof named === 'string' ? named : this.config.modelName;
    const { version } = await this.registry.add({ name, ...package_ });
    const gate = activate === undefined ? await this.#judge(name, version, package_) : null;
    const goesLive = activate ?? gate?.verdict === 'passed';
    const swap = goesLive ? await this.activate(name, version) : null;
    const reason = gate?.reason ?? (goesLive ? 'made live as asked' : 'stored as asked');
    const deployment = { name, version, isLive: goesLive, swap, reason, gate };
    this.#lastDeployment = deployment;
    this.#listener.onLog?.(describeDeployment(deployment));
    this.#listener.onDeployment?.(deployment);
    return deployment;
  }

  /** The champion gate: the new model and what decides now answer the rows neither learned from. */
  async #judge(name: string, version: string, { heldOut }: ModelUpload): Promise<GateReport> {
    if (heldOut) return (await this.models.judge(`${name}@${version}`, this.#baseline.rule)).gate;
    await this.models.verify(`${name}@${version}`);
    return withoutHeldOutRows;
  }

  async compareModels(a: string, b: string): Promise<ModelComparison> {
    const packages = await Promise.all([this.registry.show(a), this.registry.show(b)]);
    const history = await readComparisonRows(packages, this.datasets, this.config.horizonMs);
    const [first, second] = packages.map(({ name, version }) => `${name}@${version}`) as [string, string];
    return this.models.compare(first, second, history);
  }

  /** Makes a stored version live, and decides with it at once instead of at the next tick. */
  async activate(name: string, version: string): Promise<SwapReport | null> {
    if (name !== this.config.modelName) {
      await this.models.verify(`${name}@${version}`);
      await this.registry.setLive(name, version);
      return null;
    }
    const swap = await this.models.activate(version);
    // The swap stands, whatever becomes of the decision.
    if (this.latest?.features) await this.decide().catch((error) => this.#listener.onLog?.(messageOf(error)));
    return swap;
  }

  firstDecisionMs(version: string): number | undefined {
    return this.#firstDecisionMs.get(version);
  }

  get counters(): HostCounters {
    return { startedMs: this.#startedMs, samples: this.#samples, missed: this.#missed };
  }

  reportOutlets(read: () => OutletsStatus): void {
    this.outlets = read;
  }

  status(): HostStatus {
    return buildStatus(this, {
      ...this.counters,
      outlets: this.outlets(),
      baselineStamp: this.#baseline.stamp,
      lastDeployment: this.#lastDeployment,
    });
  }

  #noteDecision(decision: Decision): void {
    const { modelVersion } = decision;
    if (modelVersion !== null && !this.#firstDecisionMs.has(modelVersion)) {
      this.#firstDecisionMs.set(modelVersion, Number(process.hrtime.bigint()) / 1e6);
    }
    if (decision.mode === 'act') this.#lastActionMs = decision.timestamp;
    this.#listener.onDecision?.(decision);
  }

  #noteOptimization(event: OptimizationEvent): void {
    this.history.append('optimization', [event]);
    this.#publish('optimization', [event]);
    this.#listener.onOptimization?.(event);
  }

  /** Drains the bridge and open outcome windows, then closes in the reverse order of opening. */
  async close(): Promise<void> {
    // What comes over the bridge from now on is answered, but no new action begins.
    this.isActing = false;
    try {
      await this.optimizer.drain();
    } finally {
      await this.#cleanup.disposeAsync();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function lastActionOf(history: History): Promise<number | null> {
  const events = await history.rows('optimization', { fromMs: Date.now() - DAY_MS });
  return events.findLast((event) => event.mode === 'act')?.timestamp ?? null;
}
