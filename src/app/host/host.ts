// A running host: collector → history → features → optimizer, with the model host and the bridge beside
// them. Wires the rooms and owns their life cycle; what each does is in its own room.
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { messageOf, systemClock } from '../../core/index.ts';
import type { MemorySnapshot, OptimizationEvent, ProcessRecord, Home } from '../../core/index.ts';
import type { LiveMark, ModelComparison, ModelHost, ModelRegistry, SwapReport } from '../../models/index.ts';
import { createOptimizer } from '../../optimize/index.ts';
import type { Actuator, Decision, DecisionInput, Explanation, Optimizer } from '../../optimize/index.ts';
import type { FeatureSpec } from '../../prepare/index.ts';
import type { History } from '../../store/index.ts';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../bridge/index.ts';
import { createIpcEndpoints } from '../../sockets/index.ts';
import type { OwnedEndpoints } from '../../sockets/index.ts';
import type { BridgeServer } from '../../bridge/index.ts';
import type { RuleBaseline } from '../models/baseline.ts';
import { buildServedBridge } from '../requests/served-bridge.ts';
import type { ServedBridge } from '../requests/served-bridge.ts';
import { readComparisonRows } from '../training/comparison-rows.ts';
import type { HostConfig } from './config.ts';
import { createDatasetService } from '../training/dataset-service.ts';
import type { DatasetService } from '../training/dataset-service.ts';
import { createDeployer } from '../models/deployer.ts';
import type { Deployer } from '../models/deployer.ts';
import { openParts } from './open-parts.ts';
import type { HostParts } from './open-parts.ts';
import { noPageError, notReadyError } from '../errors.ts';
import { makeHome } from '../home.ts';
import type {
  Deployment,
  Host,
  HostCounters,
  HostListener,
  ModelUpload,
  OpenHostOptions,
} from './host-types.ts';
import type { Latest } from './latest.ts';
import { LastAction } from './last-action.ts';
import type { TaskModels } from '../models/task-models.ts';
import type { SampleService } from './sample-service.ts';
import { noOutlets } from '../serve/outlets-status.ts';
import type { OutletsStatus } from '../serve/outlets-status.ts';
import { fillExtractor } from './fill-extractor.ts';
import { runSampling } from './sampling.ts';
import { SamplingHealth } from './sampling-health.ts';
import { buildStatus } from './status.ts';
import { openRemoteBridge } from '../remote/remote-bridge.ts';
import type { RemoteBridge } from '../remote/remote-types.ts';
import { networkOf } from '../remote/stream-access.ts';
import { createStreamService } from '../streams/stream-service.ts';
import type { StreamService } from '../streams/stream-service.ts';
import type { HostStatus } from './status-types.ts';
import { createTrainingService } from '../training/training-service.ts';
import type { TrainingService } from '../training/training-types.ts';

/**
 * Opens everything: history (locked), registry, model host with the live model if there is one,
 * optimizer, bridge, what is attached, and run/bridge.json last, so that who finds the file finds a host that answers
 * for all it offers.
 * @throws RuvectorError `ERR_STORE_LOCKED` when another host runs on this home, and what the rooms and `attach` throw
 */
export async function openHost(
  home: Home,
  config: HostConfig,
  listener: HostListener = {},
  options: OpenHostOptions = {},
): Promise<Host> {
  const cleanup = new AsyncDisposableStack();
  try {
    makeHome(home);
    const host = new RunningHost(
      home,
      config,
      listener,
      cleanup,
      await openParts(home, config, listener, cleanup),
    );
    await host.start(options);
    return host;
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

class RunningHost implements Host {
  readonly home: Home;
  readonly config: HostConfig;
  readonly history: History;
  readonly registry: ModelRegistry;
  readonly models: ModelHost;
  readonly tasks: TaskModels;
  readonly spec: FeatureSpec;
  readonly samples: SampleService;
  readonly datasets: DatasetService;
  readonly training: TrainingService;
  readonly streams: StreamService;
  optimizer!: Optimizer;
  bridge!: BridgeServer;
  remote: RemoteBridge | null = null;
  latest: Latest | null = null;
  isActing: boolean;
  outlets: () => OutletsStatus = () => noOutlets;
  findPage: Host['findPage'] = () =>
    Promise.reject(
      noPageError(this.home.root, 'this process serves none', 'use `ruvector-memopt serve --page`'),
    );
  readonly #baseline: RuleBaseline;
  readonly #deployer: Deployer;
  readonly #health = new SamplingHealth((text) => this.#listener.onLog?.(text));
  readonly #lastAction: LastAction;
  readonly #startedMs = performance.now();
  readonly #startedUnixMs = Date.now();
  readonly #firstDecisionMs = new Map<string, number>();
  readonly #listener: HostListener;
  readonly #cleanup: AsyncDisposableStack;

  constructor(
    home: Home,
    config: HostConfig,
    listener: HostListener,
    cleanup: AsyncDisposableStack,
    parts: HostParts,
  ) {
    this.home = home;
    this.config = config;
    this.history = parts.history;
    this.registry = parts.registry;
    this.models = parts.models;
    this.tasks = parts.tasks;
    this.spec = parts.spec;
    this.samples = parts.samples;
    this.#baseline = parts.baseline;
    this.isActing = config.act;
    this.#listener = listener;
    this.#cleanup = cleanup;
    this.#lastAction = new LastAction((text) => listener.onLog?.(text));
    this.datasets = createDatasetService({
      history: parts.history,
      spec: parts.spec,
      horizonMs: config.horizonMs,
    });
    this.#deployer = createDeployer(this, parts.baseline.rule, listener);
    this.training = createTrainingService(this);
    this.streams = createStreamService(
      parts.history,
      (text) => listener.onLog?.(text),
      networkOf(home, config),
    );
  }

  /** Starts what needs the host itself: the optimizer, the bridge, and what is attached. */
  async start({ actuators, attach }: OpenHostOptions): Promise<void> {
    await this.#lastAction.readFrom(this.history);
    this.optimizer = this.#cleanup.use(await this.#createOptimizer(actuators));
    this.#cleanup.use(this.training);
    const onLog = (text: string): void => this.#listener.onLog?.(text);
    const served = buildServedBridge(this, this.#cleanup, onLog);
    this.bridge = this.#cleanup.use(await this.#createBridge(served));
    this.#cleanup.use(this.streams);
    if (attach) this.#cleanup.use(await attach(this));
    this.remote = this.#cleanup.use(await openRemoteBridge(this.home, this.config, served, onLog));
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

  async #createBridge(served: ServedBridge): Promise<BridgeServer> {
    const endpoints = await this.#endpoints();
    return createBridgeServer({
      ...served,
      controlEndpoint: endpoints.control,
      dataEndpoint: endpoints.data,
      token: this.#token,
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
      steadyTime: this.#lastAction.steadyTime,
      lastActionMs: () => this.#lastAction.atMs,
      ownRefaults: () => this.optimizer.ownRefaults(),
      health: this.#health,
      fill: (extractor) => fillExtractor(extractor, this.history, systemClock),
      onSample: async (sample, features, history) => {
        const { memory, monotonicMs, steadyMs, health } = sample;
        this.latest = { snapshot: memory, monotonicMs, features, history, health };
        await this.#health.guard('store', () => this.#append(memory, sample.processes));
        this.#listener.onSample?.(this.latest);
        const steady = { ...memory, timestamp: steadyMs };
        const observed = this.#health.guard('label', () => this.samples.observe(steady, features));
        await this.#health.guard('decide', () =>
          features ? this.#decideOnSample() : this.optimizer.observe(memory, monotonicMs),
        );
        await this.tasks.answer(this.latest);
        await observed;
      },
    });
  }

  #append(memory: MemorySnapshot, processes: readonly ProcessRecord[] | null): void {
    this.history.append('memory', [memory]);
    this.streams.publish('memory', [memory]);
    if (!processes) return;
    this.history.append('process', processes);
    this.streams.publish('process', processes);
  }

  async #decideOnSample(): Promise<void> {
    this.samples.notePrediction((await this.decide()).label);
  }

  async decide(): Promise<Decision> {
    return this.optimizer.tick(this.#ready());
  }

  async explain(): Promise<Explanation> {
    return this.optimizer.explain(this.#ready());
  }

  #ready(): DecisionInput {
    const { latest } = this;
    if (!latest?.features) throw notReadyError(this.spec.rateWindowMs, latest !== null);
    const { snapshot, monotonicMs, features, history } = latest;
    return { snapshot, monotonicMs, features, featureNames: this.spec.names, history };
  }

  setActing(isActing: boolean): void {
    this.isActing = isActing;
  }

  deploy(upload: ModelUpload): Promise<Deployment> {
    return this.#deployer.deploy(upload);
  }

  async compareModels(a: string, b: string): Promise<ModelComparison> {
    const packages = await Promise.all([this.registry.show(a), this.registry.show(b)]);
    const history = await readComparisonRows(packages, this.datasets, this.config.horizonMs);
    const [first, second] = packages.map(({ name, version }) => `${name}@${version}`) as [string, string];
    return this.models.compare(first, second, history);
  }

  /** Makes a stored version live, and decides or answers with it at once instead of at the next tick. */
  async activate(name: string, version: string, while_?: LiveMark): Promise<SwapReport | null> {
    const side = this.tasks.find(name);
    if (side !== null) {
      const swap = await side.activate(version, while_);
      if (this.latest) await this.tasks.answer(this.latest);
      return swap;
    }
    if (name !== this.config.modelName) {
      await this.models.verify(`${name}@${version}`);
      await this.registry.setLive(name, version, { onlyIf: while_?.onDisk });
      return null;
    }
    const swap = await this.models.activate(version, while_);
    // The swap stands, whatever becomes of the decision.
    if (this.latest?.features) await this.decide().catch((error) => this.#listener.onLog?.(messageOf(error)));
    return swap;
  }

  firstDecisionMs(version: string): number | undefined {
    return this.#firstDecisionMs.get(version) ?? this.tasks.firstAnswerMs(version);
  }

  get counters(): HostCounters {
    const { samples, missed, skipped } = this.#health;
    return { startedMs: this.#startedUnixMs, samples, missed, skipped: skipped.count };
  }

  reportOutlets(read: () => Partial<OutletsStatus>): void {
    const { outlets } = this;
    this.outlets = () => ({ ...outlets(), ...read() });
  }

  offerPage(find: Host['findPage']): void {
    this.findPage = find;
  }

  status(): HostStatus {
    return buildStatus(this, {
      startedMs: this.#startedMs,
      sampling: this.#health,
      outlets: this.outlets(),
      baselineStamp: this.#baseline.stamp,
      lastDeployment: this.#deployer.last,
    });
  }

  #noteDecision(decision: Decision): void {
    const { modelVersion } = decision;
    if (modelVersion !== null && !this.#firstDecisionMs.has(modelVersion))
      this.#firstDecisionMs.set(modelVersion, Number(process.hrtime.bigint()) / 1e6);
    if (decision.mode === 'act') this.#lastAction.note(decision.timestamp);
    this.#listener.onDecision?.(decision);
  }

  #noteOptimization(event: OptimizationEvent): void {
    this.history.append('optimization', [event]);
    this.streams.publish('optimization', [event]);
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

  readonly [Symbol.asyncDispose] = (): Promise<void> => this.close();
}
