// A running host, seen from the parts of the app that use it. Types only.
import type { OptimizationEvent, RuvectorError, Home } from '../../core/index.ts';
import type {
  LiveMark,
  ModelComparison,
  ModelEvent,
  ModelHost,
  ModelRegistry,
  SwapReport,
} from '../../models/index.ts';
import type { Actuator, Decision, Explanation, Optimizer } from '../../optimize/index.ts';
import type { FeatureSpec } from '../../prepare/index.ts';
import type { History } from '../../store/index.ts';
import type { TrainDeployment } from '../../train/index.ts';
import type { BridgeServer } from '../../bridge/index.ts';
import type { HostConfig } from './config.ts';
import type { Latest } from './latest.ts';
import type { TaskModels } from '../models/task-models.ts';
import type { DatasetService } from '../training/dataset-service.ts';
import type { OutletsStatus, PageLogin } from '../serve/outlets-status.ts';
import type { SampleService } from './sample-service.ts';
import type { HostStatus } from './status-types.ts';
import type { RemoteBridge } from '../remote/remote-types.ts';
import type { StreamService } from '../streams/stream-service.ts';
import type { TrainingService } from '../training/training-types.ts';

/** A model as it arrives from a trainer. */
export interface ModelUpload {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly model: Uint8Array;
  readonly golden: Uint8Array;
  /** Rows it was not trained on, without which the gate cannot judge it. */
  readonly heldOut?: Uint8Array | undefined;
  /** True makes it live whatever it is worth, false leaves it as the candidate. @default the gate decides */
  readonly activate?: boolean | undefined;
}

/** A model that was stored, whether it went live, and why. */
export interface Deployment extends TrainDeployment {
  /** What decided while it was judged, `name@version` or the rule; null when it was not judged beside anything. */
  readonly judgedAgainst: string | null;
  /** `name@version` that answered before it; null when it did not go live, or nothing answered. */
  readonly replaced: string | null;
  /** `name@version` that is live under this name when the answer is given. */
  readonly live: string | null;
}

/** What a host counts of its own sampling. */
export interface HostCounters {
  /** Unix time. */
  readonly startedMs: number;
  readonly samples: number;
  /** Grid points passed over. */
  readonly missed: number;
  /** Samples that failed and were left out; undefined where they are not counted. */
  readonly skipped?: number | undefined;
}

/** A running host. Close it, or use `await using`. */
export interface Host extends AsyncDisposable {
  readonly config: HostConfig;
  readonly home: Home;
  readonly history: History;
  readonly registry: ModelRegistry;
  readonly models: ModelHost;
  /** What answers beside the decision. */
  readonly tasks: TaskModels;
  readonly optimizer: Optimizer;
  readonly datasets: DatasetService;
  readonly training: TrainingService;
  readonly streams: StreamService;
  readonly samples: SampleService;
  readonly bridge: BridgeServer;
  /** The bridge as other hosts reach it; null where they do not. */
  readonly remote: RemoteBridge | null;
  readonly spec: FeatureSpec;
  readonly latest: Latest | null;
  readonly counters: HostCounters;
  /** Samples and decides until the signal aborts. A sample that fails is skipped and counted. */
  run(signal: AbortSignal): Promise<void>;
  /** From now on decisions act (or only plan). */
  setActing(isActing: boolean): void;
  readonly isActing: boolean;
  /** Decides now, on what was seen last. @throws RuvectorError `ERR_APP_NOT_READY` before the first features */
  decide(): Promise<Decision>;
  /** The same decision with nothing done. @throws RuvectorError `ERR_APP_NOT_READY` */
  explain(): Promise<Explanation>;
  /**
   * Stores a model, verifies it, and makes it live when it passes the gate or `activate` says so.
   * @throws RuvectorError `ERR_MODEL_*`; the live model stays
   */
  deploy(upload: ModelUpload): Promise<Deployment>;
  /** Compares two versions on rows neither was trained on. @throws RuvectorError `ERR_MODEL_*` */
  compareModels(a: string, b: string): Promise<ModelComparison>;
  /** Makes a stored version live; for a model that does not decide here only the registry changes (null). */
  activate(name: string, version: string, while_?: LiveMark): Promise<SwapReport | null>;
  /** Milliseconds on the monotonic clock of the first decision or answer by `version`, once there is one. */
  firstDecisionMs(version: string): number | undefined;
  status(): HostStatus;
  /** Lets `status()` show more of what leaves this host: its page of metrics, its events, its rows. */
  reportOutlets(read: () => Partial<OutletsStatus>): void;
  /**
   * Where its page is; with `serve` one is begun where none is.
   * @throws RuvectorError `ERR_APP_NO_PAGE`, and what serving it throws
   */
  readonly findPage: (serve: boolean) => Promise<PageLogin>;
  /** Lets `findPage()` find one. */
  offerPage(find: (serve: boolean) => Promise<PageLogin>): void;
  close(): Promise<void>;
}

/** Options of `openHost`. */
export interface OpenHostOptions {
  /** @default those of the optimize room */
  readonly actuators?: readonly Actuator[];
  /**
   * Starts what this process offers besides; what it gives is closed with the host.
   * @default nothing
   */
  readonly attach?: (host: Host) => Promise<AsyncDisposable>;
}

/** How a host tells what happens; must not throw. */
export interface HostListener {
  onDecision?(decision: Decision): void;
  onSample?(latest: Latest): void;
  onOptimization?(event: OptimizationEvent): void;
  onModelEvent?(event: ModelEvent): void;
  /** A model was stored; says whether it went live. */
  onDeployment?(deployment: Deployment): void;
  /** A model that was handed in was refused. */
  onRefusedDeployment?(error: unknown): void;
  /** The history met a problem: damage, a full disk. */
  onProblem?(problem: RuvectorError): void;
  onLog?(text: string): void;
}
