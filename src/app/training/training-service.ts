// Training for a host: one job at a time in a Python process, over the host's own bridge, until the new
// model has decided. When to train is its caller's to say (retraining.ts).
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/index.ts';
import { createTrainerPool } from '../../train/index.ts';
import type { TrainJob, TrainResult, TrainerPool } from '../../train/index.ts';
import { trainingBusyError } from '../errors.ts';
import type { Host } from '../host/host-types.ts';
import { taskNames } from '../models/task-models.ts';
import { refuseForeignOptions } from './foreign-options.ts';
import type { TrainingService, TrainingWatch } from './training-types.ts';

/** Milliseconds the new model gets for its first decision after it went live. */
const FIRST_DECISION_WAIT_MS = 5000;

/** Estimators of jobs that name none. */
const defaultEstimators = {
  classification: 'sklearn.RandomForestClassifier',
  anomaly: 'sklearn.IsolationForest',
  forecast: 'sklearn.HistGradientBoostingRegressor',
} as const;

/** Estimator of a job that names neither one nor a task. */
export const defaultEstimator = defaultEstimators.classification;

/** Creates the service; nothing is started yet. */
export function createTrainingService(
  host: Pick<Host, 'home' | 'config' | 'models' | 'firstDecisionMs' | 'latest' | 'samples'>,
): TrainingService {
  let pool: TrainerPool | null = null;
  let running: string | null = null;
  const cancelled = new Set<string>();
  let lastError: string | null = null;
  let lastModel: string | null = null;
  const ended = { succeeded: 0, failed: 0, totalSeconds: 0 };
  const warmPool = (): TrainerPool => (pool ??= createTrainerPool({ bridgeFile: host.home.bridgeFile }));

  const train: TrainingService['train'] = async (job, options = {}) => {
    if (running !== null) throw trainingBusyError();
    const run = randomUUID();
    running = run;
    const cancel = (): void => void cancelled.add(run);
    options.signal?.addEventListener('abort', cancel, { once: true });
    const startedMs = performance.now();
    try {
      host.models.prewarm();
      const result = await runJob(host, { ...completeJob(host, job), run }, options, warmPool);
      const report = { ...result, fitToFirstDecisionMs: await waitForFirstDecision(host, result) };
      lastModel = result.deployment ? `${result.deployment.name}@${result.deployment.version}` : lastModel;
      lastError = null;
      ended.succeeded++;
      await host.samples.markTrained();
      return report;
    } catch (error) {
      lastError = messageOf(error);
      ended.failed++;
      throw error;
    } finally {
      running = null;
      options.signal?.removeEventListener('abort', cancel);
      ended.totalSeconds += (performance.now() - startedMs) / 1000;
    }
  };

  return {
    prewarm: () => warmPool().prewarm(),
    train,
    isCancelled: (run) => cancelled.has(run),
    state: () => ({ running: running !== null, lastError, lastModel, ...ended }),
    [Symbol.asyncDispose]: async () => {
      await pool?.close();
    },
  };
}

function completeJob(host: Pick<Host, 'config'>, job: Partial<TrainJob>): TrainJob {
  refuseForeignOptions(job);
  const { classification, ...names } = taskNames(host.config.modelName);
  return {
    ...job,
    // A name that was asked for holds for any task; whether it may is the deployment's to say.
    ...(job.name === undefined ? { name: classification, names } : { name: job.name }),
    estimator: job.estimator ?? defaultEstimators[job.task ?? 'classification'],
    parameters: job.parameters ?? {},
    dataset: job.dataset ?? {},
  };
}

/** Loaded late: a host that never trains a network does without it. */
async function runJob(
  host: Pick<Host, 'home'>,
  job: TrainJob,
  options: TrainingWatch,
  warmPool: () => TrainerPool,
): Promise<TrainResult> {
  if (job.backend !== 'tfjs') return warmPool().run(job, options);
  const { runTfjsTrainer } = await import('../../train/tfjs/index.ts');
  return runTfjsTrainer({ ...options, job, bridgeFile: host.home.bridgeFile });
}

/** The host decides at once when a model goes live; a host that does not sample has nothing to decide on. */
async function waitForFirstDecision(
  host: Pick<Host, 'config' | 'firstDecisionMs' | 'latest'>,
  { deployment, timings }: TrainResult,
): Promise<number | null> {
  if (!deployment?.swap || !host.latest?.features) return null;
  const version = `${deployment.name}@${deployment.version}`;
  const deadlineMs = performance.now() + FIRST_DECISION_WAIT_MS;
  while (performance.now() < deadlineMs) {
    const atMs = host.firstDecisionMs(version);
    if (atMs !== undefined) return atMs - timings.fitReturnedMonotonicNs / 1e6;
    await sleep(2);
  }
  return null;
}
