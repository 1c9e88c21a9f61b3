// The demo: the whole loop on this host, for real, in about two minutes. Every stage is
// checked where it happens; one that did not really happen fails the demo.
import type { TrainingAnswer } from '../../client/index.ts';
import { rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labels, messageOf, resolveHome } from '../../core/index.ts';
import { locateDestination, makeFolder, writeWhole } from '../../files/index.ts';
import { buildConfig } from '../host/config.ts';
import { demoStageError } from '../errors.ts';
import { openHost } from '../host/host.ts';
import type { Host } from '../host/host-types.ts';
import { findPython } from '../../train/index.ts';
import type { TrainProgress } from '../../train/index.ts';
import { runDecisionStream } from './decision-stream.ts';
import type { DecisionStreamCounts } from './decision-stream.ts';
import { createDemoRecorder } from './demo-recorder.ts';
import type { DemoRecorder } from './demo-recorder.ts';
import { buildDemoReport } from './build-demo-report.ts';
import type { DemoReport } from './demo-report.ts';
import type { DemoRun } from './demo-run.ts';
import { readFromPython } from './python-client.ts';
import { renderDemoHtml } from './report-html.ts';
import { trainIfEnough, trainWhenEnough } from './train-when-enough.ts';
import { createWorkloadActuator } from './workload-actuator.ts';
import { startWorkload } from './workload-process.ts';
import type { Workload } from './workload-process.ts';

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Folder for history, model, dataset and report; replaced when it is an earlier demo's. */
  readonly directory: string;
  /** Seconds before training. @default 50 */
  readonly collectSeconds: number;
  /** Seconds after the swap. @default 30 */
  readonly actSeconds: number;
  readonly signal: AbortSignal;
  /** Says what happens now. */
  readonly say: (text: string) => void;
}

const HZ = 20;
const HORIZON_MS = 2000;
/** When the first model is trained, as a share of the time to collect; the second is swapped in under what is live then. */
const FIRST_MODEL_AT = 0.6;
const MARKER = '.ruvector-demo';

/** Few rows and drifting levels: a regularised linear model holds up where trees memorise. */
const job = { estimator: 'sklearn.LogisticRegression', parameters: { C: 0.05, max_iter: 500 } };
/** Between a test part and the rows before and after it a horizon is left out; shorter blocks have little left to train on. */
const BLOCK_SECONDS = 12;

/** A short history with repeating phases: each stretch of it is split by itself, else the newest may lack a label. */
function splitOf(seconds: number): { blocks: number; test_fraction: number } {
  return { blocks: Math.max(1, Math.floor(seconds / BLOCK_SECONDS)), test_fraction: 0.25 };
}

/**
 * Runs the demo and writes its files. What it needs is looked for before anything is made.
 * @throws DemoStageError `ERR_APP_DEMO_STAGE` naming the stage that did not happen, and what the rooms throw
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  options.say(`Python that trains: ${await findPython({ signal: options.signal })}`);
  const directory = await prepareDirectory(options.directory);
  options.say('starting a workload that really comes under memory pressure');
  await using workload = await startWorkload(directory);
  const recorder = createDemoRecorder(workload);
  const config = buildConfig({
    hz: HZ,
    processIntervalMs: 1000,
    horizonMs: HORIZON_MS,
    outcomeWindowMs: 1000,
    // Without a limit around the child nobody is short; it then shows what is saved instead.
    goal: workload.pressure === 'cgroup' ? 'relieve' : 'save',
    minQuietMs: 1000,
    stallBudget: 0.02,
    // The whole child may be paged out again every second: it is there for that.
    maxBytesPerMinute: 64 * 2 ** 30,
    targets: { pids: [workload.pid], names: [] },
  });
  const actuator = await createWorkloadActuator(workload);
  await using host = await openHost(resolveHome(join(directory, 'home')), config, recorder, {
    actuators: [actuator],
  });
  const run = await driveLoop(host, workload, recorder, directory, options);
  const report = await buildDemoReport(run, actuator.name);
  await writeWhole(report.files.report, renderDemoHtml(report, recorder.series, labels), 'a report');
  return report;
}

/** Collect, train, act: the sampling and the stream of decisions never stop in between. */
async function driveLoop(
  host: Host,
  workload: Workload,
  recorder: DemoRecorder,
  directory: string,
  { collectSeconds, actSeconds, signal, say }: DemoOptions,
): Promise<DemoRun> {
  const startMs = performance.now();
  const counts: DecisionStreamCounts = { decisions: 0, failures: 0, thrown: 0 };
  const done = new AbortController();
  const stop = AbortSignal.any([done.signal, signal]);
  const loop = Promise.all([host.run(stop), runDecisionStream(host, counts, stop)]);
  const guarded = <T>(work: Promise<T>): Promise<T> => Promise.race([work, workload.ended, failed(loop)]);
  const wait = (seconds: number): Promise<void> => guarded(sleep(seconds * 1000, undefined, { signal }));
  try {
    say(`collecting for ${collectSeconds} s at ${HZ} Hz; decisions follow the rule, nothing is touched`);
    host.training.prewarm();
    await wait(collectSeconds * FIRST_MODEL_AT);
    say('training a first model on what was seen so far, while decisions go on');
    const dataset = splitOf(collectSeconds * FIRST_MODEL_AT);
    const first = await guarded(trainIfEnough(host.training.train({ ...job, dataset }, { signal }), say));
    if (first !== null) {
      const { deployment } = first;
      recorder.noteFirstModel(deployment?.isLive === true);
      say(`  ${deployment?.isLive ? 'live' : 'a candidate'}: ${deployment?.reason}`);
    }
    host.training.prewarm();
    await wait(collectSeconds * (1 - FIRST_MODEL_AT));
    say(`training the model that will act, while ${host.models.liveVersion} decides`);
    let before = { ...counts };
    let toMs = Date.now();
    const onProgress = ({ stage, message }: TrainProgress): void => {
      if (stage === 'deploy') before = { ...counts };
      say(`  ${message}`);
    };
    const train = (seconds: number): Promise<TrainingAnswer> => {
      toMs = Date.now();
      const asked = { ...job, dataset: { ...splitOf(seconds), to_ms: toMs } };
      return guarded(host.training.train(asked, { signal, onProgress }));
    };
    const trained = await trainWhenEnough(train, collectSeconds, wait, say);
    const training = await guarded(goLive(host, trained));
    recorder.noteSwap();
    const duringSwap = {
      decisions: counts.decisions - before.decisions,
      failures: counts.failures - before.failures,
      thrown: counts.thrown - before.thrown,
    };
    const { deployment: judged } = trained;
    say(`  gate ${judged?.isLive ? 'passed' : 'not passed, made live all the same'}: ${judged?.reason}`);
    say(
      `live: ${host.models.liveVersion}; it may now act on the workload for ${actSeconds} s, to ${host.config.goal}`,
    );
    host.setActing(true);
    await wait(actSeconds);
    host.setActing(false);
    await guarded(host.optimizer.drain());
    const seconds = (performance.now() - startMs) / 1000;
    done.abort();
    await loop;
    say('reading the history back from Python');
    const python = await readFromPython(host, { path: join(directory, 'dataset.parquet'), toMs }, signal);
    const { estimator } = job;
    return { host, workload, recorder, estimator, training, counts, duringSwap, python, seconds, directory };
  } finally {
    done.abort();
    await loop.catch(() => undefined); // its own failure has already won the race
  }
}

/** A model that does not pass the gate is made live all the same: the demo shows a swap, and says that it was forced. */
async function goLive(host: Host, trained: TrainingAnswer): Promise<TrainingAnswer> {
  const { deployment, timings } = trained;
  if (deployment === null || deployment.isLive) return trained;
  const { name, version } = deployment;
  const swap = await host.activate(name, version);
  const decidedMs = host.firstDecisionMs(`${name}@${version}`);
  const fitToFirstDecisionMs =
    decidedMs === undefined ? null : decidedMs - timings.fitReturnedMonotonicNs / 1e6;
  return { ...trained, deployment: { ...deployment, swap }, fitToFirstDecisionMs };
}

/** Rejects when the loop fails; never resolves, since its normal end comes last. */
function failed(loop: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    loop.catch(reject);
  });
}

/** An empty folder of our own: an earlier demo's is replaced, anything else is left alone. */
async function prepareDirectory(path: string): Promise<string> {
  // Through its links: an earlier demo's folder is replaced, the link to it stays.
  const { path: directory } = await locateDestination(path, { hasDescriptors: false });
  if (existsSync(directory) && !existsSync(join(directory, MARKER))) {
    throw demoStageError(
      'prepare',
      `"${directory}" exists and is not an earlier demo's; choose another with --output`,
    );
  }
  try {
    await rm(directory, { recursive: true, force: true });
    await makeFolder(directory);
    await writeFile(join(directory, MARKER), '');
  } catch (error) {
    const state = `"${directory}" cannot be written (${messageOf(error)}); choose another with --output`;
    throw demoStageError('prepare', state, error);
  }
  return directory;
}
