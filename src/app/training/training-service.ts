// Training for a host: one job at a time in a Python process, over the host's own bridge, until the new
// model has decided. When to train is its caller's to say (retraining.ts).
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/index.ts';
import { createTrainerPool } from '../../train/index.ts';
import type { TrainJob, TrainResult, TrainerPool } from '../../train/index.ts';
import { trainingBusyError } from '../errors.ts';
import type { Host } from '../host/host-types.ts';
import type { TrainingService } from './training-types.ts';

/** Milliseconds the new model gets for its first decision after it went live. */
const FIRST_DECISION_WAIT_MS = 5000;

/** Estimator of a job that names none. */
export const defaultEstimator = 'sklearn.RandomForestClassifier';

/** Creates the service; nothing is started yet. */
export function createTrainingService(
  host: Pick<Host, 'home' | 'config' | 'models' | 'firstDecisionMs' | 'latest' | 'samples'>,
): TrainingService {
  let pool: TrainerPool | null = null;
  let isRunning = false;
  let lastError: string | null = null;
  let lastModel: string | null = null;
  const ended = { succeeded: 0, failed: 0, totalSeconds: 0 };
  const warmPool = (): TrainerPool => (pool ??= createTrainerPool({ bridgeFile: host.home.bridgeFile }));

  const train: TrainingService['train'] = async (job, options = {}) => {
    if (isRunning) throw trainingBusyError();
    isRunning = true;
    const startedMs = performance.now();
    try {
      host.models.prewarm();
      const result = await warmPool().run(completeJob(host, job), options);
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
      isRunning = false;
      ended.totalSeconds += (performance.now() - startedMs) / 1000;
    }
  };

  return {
    prewarm: () => warmPool().prewarm(),
    train,
    state: () => ({ running: isRunning, lastError, lastModel, ...ended }),
    [Symbol.asyncDispose]: async () => {
      await pool?.close();
    },
  };
}

function completeJob(host: Pick<Host, 'config'>, job: Partial<TrainJob>): TrainJob {
  return {
    name: job.name ?? host.config.modelName,
    estimator: job.estimator ?? defaultEstimator,
    parameters: job.parameters ?? {},
    dataset: job.dataset ?? {},
    // Left out, the gate decides.
    ...(job.activate !== undefined && { activate: job.activate }),
  };
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
