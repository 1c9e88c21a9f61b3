// One training for a command, by the running host or by one opened for the purpose.
import { toWireNames } from '../../client/index.ts';
import type { TrainingAnswer } from '../../client/index.ts';
import { requireExtra } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import type { BridgeClient } from '../../bridge/index.ts';
import { findPython, trainingCancelledError } from '../../train/index.ts';
import type { TrainJob } from '../../train/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { openHost } from '../host/host.ts';

/** How it is watched and ended. */
export interface TrainWatch {
  readonly signal: AbortSignal;
  readonly onProgress: (step: unknown) => void;
}

/** Trains, and waits for the model's first decision where one goes live. */
export async function trainModel(
  home: Home,
  job: Partial<TrainJob>,
  watch: TrainWatch,
): Promise<TrainingAnswer> {
  await using client = await findDaemon(home.bridgeFile);
  if (client) return await askHost(client, job, watch);
  // Before the history is opened and features are filled in, which may take a while.
  if (job.backend === 'tfjs') requireExtra('tfjs');
  else await findPython({ signal: watch.signal });
  await using host = await openHost(home, readSavedConfig(home.root));
  return await host.training.train(job, watch);
}

async function askHost(
  client: BridgeClient,
  job: Partial<TrainJob>,
  watch: TrainWatch,
): Promise<TrainingAnswer> {
  try {
    return (await client.request('train', toWireNames(job), watch)).result as TrainingAnswer;
  } catch (error) {
    throw watch.signal.aborted ? trainingCancelledError('Cannot train model', {}, error) : error;
  }
}
