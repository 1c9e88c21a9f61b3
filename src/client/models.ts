// `models`: the daemon's registry and what is live. Changes swap while the daemon decides.
import type {
  LoadReport,
  ModelComparison,
  ModelId,
  ModelListing,
  ModelPackage,
  PruneReport,
  RepairReport,
  RollbackReport,
  SwapReport,
} from '../models/index.ts';
import type { FallbackCause } from '../optimize/index.ts';
import type { DaemonStatus, TaskStatuses } from './answers.ts';
import type { DaemonLink } from './daemon-link.ts';

/** Which model decides now. */
export interface LiveModel {
  /** `name@version`; null while decisions follow the rule. */
  readonly reference: string | null;
  /** True for the rule that comes with the package. */
  readonly isBaseline: boolean;
}

/** How a change of the live model went. */
export interface SwapSummary {
  readonly kind: 'swap-report';
  readonly reference: string;
  readonly previous: string | null;
  /** The whole change, and the assignment that made it; null for a model that does not decide on this host. */
  readonly ms: number | null;
  readonly swapUs: number | null;
  /** Decisions the daemon made meanwhile. */
  readonly decisionsMeanwhile: number;
  /** Those for which a model gave an error or nonsense, as the daemon counts them: the rule answered instead. */
  readonly answersLost: number;
  /** Those for which a model took longer than the daemon waits: a busy host, not the swap, as a rule. */
  readonly answersLate: number;
  /** Every step as the daemon reports it. */
  readonly steps: SwapReport | RollbackReport | null;
}

/** A verified package: its golden rows, and how long each step took. */
export interface VerifySummary extends LoadReport {
  readonly name: string;
  readonly version: string;
}

/** How a call is cancelled. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The models of this host. References are `name`, `name@version` or `name@live|previous|candidate`. */
export interface Models {
  list(options?: CallOptions): Promise<readonly ModelListing[]>;
  /** Manifest and folder of a package. @throws RuvectorError `ERR_MODEL_NOT_FOUND`, `ERR_MODEL_MANIFEST` */
  show(reference: string, options?: CallOptions): Promise<ModelPackage>;
  /** Checks a package as far as its golden rows. @throws RuvectorError `ERR_MODEL_*`: the first check that fails */
  verify(reference: string, options?: CallOptions): Promise<VerifySummary>;
  /**
   * Both models on the same rows that neither was trained on: rows of this host's history after both trainings,
   * else the held-out rows of the newer one. @throws RuvectorError `ERR_MODEL_*`
   */
  compare(a: string, b: string, options?: CallOptions): Promise<ModelComparison>;
  /** Makes a version live. @throws RuvectorError `ERR_MODEL_*`; what was live stays live */
  activate(reference: string, options?: CallOptions): Promise<SwapSummary>;
  /**
   * What the models of other tasks say of the newest sample: how odd it is, how much memory will be available. They decide
   * nothing.
   */
  answers(options?: CallOptions): Promise<TaskStatuses>;
  /** Goes back to the version before. @throws RuvectorError `ERR_MODEL_NO_PREVIOUS` */
  rollback(options?: RollbackCallOptions): Promise<SwapSummary>;
  /** Removes a version that no alias names and nothing uses. @throws RuvectorError `ERR_MODEL_IN_USE` */
  remove(reference: string, options?: CallOptions): Promise<ModelId>;
  /** Removes versions beyond the daemon's limit, or `keep`: what was never live first, never what an alias names. */
  prune(options?: PruneCallOptions): Promise<PruneReport>;
  /** Rebuilds damaged aliases and sets damaged packages aside; deletes nothing. */
  repair(options?: CallOptions & { readonly dryRun?: boolean }): Promise<RepairReport>;
  live(options?: CallOptions): Promise<LiveModel>;
}

/** Options of {@link Models.rollback}. */
export interface RollbackCallOptions extends CallOptions {
  /** @default the model that decides on this host */
  readonly name?: string;
}

/** Options of {@link Models.prune}. */
export interface PruneCallOptions extends CallOptions {
  /** Versions of each name that stay; 0 keeps all. @default as the daemon was served */
  readonly keep?: number;
  /** True only says what would go. @default false */
  readonly dryRun?: boolean;
}

/** Creates the models of a client. */
export function createClientModels(link: DaemonLink): Models {
  const ask = <T>(name: string, params: object, { signal }: CallOptions = {}): Promise<T> =>
    link.request<T>(name, params, signal ? { signal } : {});
  const status = (options?: CallOptions): Promise<DaemonStatus> => ask('status', {}, options);
  return {
    list: (options) => ask('models.list', {}, options),
    show: (reference, options) => ask('models.show', { reference }, options),
    verify: (reference, options) => ask('models.verify', { reference }, options),
    compare: (a, b, options) => ask('models.compare', { a, b }, options),
    activate: (reference, options) =>
      measureSwap(status, async () => {
        const answer = await ask<ActivateAnswer>('models.activate', { reference }, options);
        return { reference: `${answer.name}@${answer.version}`, steps: answer.swap };
      }),
    answers: async (options) => (await status(options)).tasks,
    rollback: ({ name, ...options } = {}) =>
      measureSwap(status, async () => {
        const steps = await ask<RollbackReport>(
          'models.rollback',
          name === undefined ? {} : { name },
          options,
        );
        return { reference: name === undefined ? null : `${name}@${steps.version}`, steps };
      }),
    remove: (reference, options) => ask('models.remove', { reference }, options),
    prune: ({ signal, ...params } = {}) => ask('models.prune', params, { signal }),
    repair: ({ signal, ...params } = {}) => ask('models.repair', params, { signal }),
    live: async (options) => {
      const { model } = await status(options);
      return { reference: model.live, isBaseline: model.isBaseline };
    },
  };
}

interface ActivateAnswer {
  readonly name: string;
  readonly version: string;
  readonly swap: SwapReport | null;
}

/** The daemon counts its decisions, and why a model did not answer: before and after. No reference is what is live then. */
async function measureSwap(
  status: () => Promise<DaemonStatus>,
  swap: () => Promise<{ reference: string | null; steps: SwapReport | RollbackReport | null }>,
): Promise<SwapSummary> {
  const before = await status();
  const { reference, steps } = await swap();
  const after = await status();
  return {
    kind: 'swap-report',
    reference: reference ?? after.model.live!,
    previous: liveOf(before, reference),
    ms: steps?.totalMs ?? null,
    swapUs: steps?.swapUs ?? null,
    decisionsMeanwhile: after.decisions.decisions - before.decisions.decisions,
    answersLost: countOf(after, 'model-error', 'not-finite') - countOf(before, 'model-error', 'not-finite'),
    answersLate: countOf(after, 'time-out') - countOf(before, 'time-out'),
    steps,
  };
}

/** What was live under the name of a reference, where its models answer here; null is the model that decides. */
function liveOf({ model, tasks, config }: DaemonStatus, reference: string | null): string | null {
  const name = reference?.slice(0, reference.indexOf('@')) ?? config.modelName;
  if (name === config.modelName) return model.live;
  return Object.values(tasks).find((task) => task.name === name)?.live ?? null;
}

const countOf = ({ decisions }: DaemonStatus, ...causes: readonly FallbackCause[]): number =>
  causes.reduce((sum, cause) => sum + (decisions.fallbacksByCause[cause] ?? 0), 0);
