// The process that the daemon starts for `backend: 'tfjs'`: like `python -m ruvector.trainer` it reads one job as a JSON
// line, streams the data set from the bridge, trains, proves parity and deploys, and says so in JSON lines on a
// descriptor of their own. Its memory is its own, and killing it cancels.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connectDaemon } from '../../bridge/index.ts';
import type { BridgeClient } from '../../bridge/index.ts';
import { isRuvectorError, messageOf, resolveHome } from '../../core/index.ts';
import type { TrainDeployment, TrainJob, TrainProgress, TrainResult } from '../train-job.ts';
import { TRAINER_FD } from '../trainer-environment.ts';
import type { TrainerMessage } from '../trainer-messages.ts';
import { collectDataset } from './tfjs-dataset.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';
import { defaultLayers } from './tfjs-job.ts';
import { trainTfjs } from './train-tfjs.ts';

/** A job as it is written: src/train/trainer-messages.ts. */
type SentJob = TrainJob & { readonly bridgeFile?: string };

const ALIVE_MS = 1000;
const EXIT_FAILED = 1;
/** The fit is this part of the whole, between the data set and the deployment. */
const [FIT_FROM, FIT_TO] = [0.1, 0.9];

const say = (message: TrainerMessage): void => void writeSync(TRAINER_FD, `${JSON.stringify(message)}\n`);

async function runJob(job: SentJob): Promise<TrainResult> {
  await using client = await connectDaemon(job.bridgeFile ?? resolveHome().bridgeFile);
  const startedMs = performance.now();
  say({ type: 'progress', stage: 'stream', fraction: 0, message: 'reading the data set' });
  const dataset = await readRows(client, job);
  const streamedMs = performance.now();
  const { epochs, batchSize, learningRate, earlyStopping, seed } = job;
  const trained = await trainTfjs(job.layers ?? defaultLayers(dataset), dataset, {
    ...{ name: job.name, epochs, batchSize, learningRate, earlyStopping, seed },
    onProgress: (progress) => say({ type: 'progress', ...progress, fraction: scale(progress.fraction) }),
  });
  const trainedMs = performance.now();
  const doing = job.activate === false ? 'storing' : 'verifying, and comparing with what is live';
  say({ type: 'progress', stage: 'deploy', fraction: FIT_TO, message: doing });
  const { model, golden, heldOut } = trained.package;
  const manifest = nameRun(trained.package.manifest, job.run);
  const wanted = job.activate === undefined ? {} : { activate: job.activate };
  const attachments = [model, golden, heldOut];
  const { result } = await client.request('model.deploy', { manifest, ...wanted }, { attachments });
  const deployment = result as TrainDeployment;
  const message = `${deployment.name}@${deployment.version}`;
  say({ type: 'progress', stage: 'done', fraction: 1, message });
  const timings = {
    ...trained.timings,
    streamMs: streamedMs - startedMs,
    deployMs: performance.now() - trainedMs,
  };
  return { manifest, deployment, classCounts: trained.classCounts, timings };
}

/** A host that cancelled the training knows its model by this. */
function nameRun<T extends { readonly trainer: object }>(manifest: T, run: string | undefined): T {
  return run === undefined ? manifest : { ...manifest, trainer: { ...manifest.trainer, run } };
}

const scale = (fraction: TrainProgress['fraction']): number => FIT_FROM + (FIT_TO - FIT_FROM) * fraction;

async function readRows(client: BridgeClient, { dataset = {}, window }: SentJob): Promise<TfjsDataset> {
  const params = window ? { ...dataset, window: { steps: window.steps, every_ms: window.everyMs } } : dataset;
  const { meta, batches } = await client.openBatches('training', params);
  return collectDataset(meta, batches);
}

/** Nobody waits for a model whose daemon is gone. */
async function readJob(): Promise<SentJob | null> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  const { promise, resolve } = Promise.withResolvers<SentJob | null>();
  lines.once('line', (line) => resolve(JSON.parse(line) as SentJob));
  lines.once('close', () => {
    resolve(null);
    if (!hasEnded) process.exit(EXIT_FAILED);
  });
  return promise;
}

let hasEnded = false;
// TensorFlow reads them when it is loaded: the host that is trained on has other work.
for (const name of ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS']) {
  process.env[name] = process.env['OMP_NUM_THREADS'] ?? '1';
}
const alive = setInterval(() => say({ type: 'alive' }), ALIVE_MS);
try {
  say({ type: 'ready' });
  const job = await readJob();
  if (job) say({ type: 'result', ...(await runJob(job)) });
} catch (error) {
  process.exitCode = EXIT_FAILED;
  const [code, kind] = isRuvectorError(error) ? [error.code, error.name] : [null, 'Error'];
  const traceback = error instanceof Error ? (error.stack ?? '') : '';
  say({ type: 'error', code, kind, message: messageOf(error), traceback });
} finally {
  hasEnded = true;
  clearInterval(alive);
  process.stdin.destroy();
}
