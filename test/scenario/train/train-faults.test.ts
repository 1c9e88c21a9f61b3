// Trainers that are killed, stopped, hung or cancelled: a typed error, nothing half-registered,
// no process left. Each trial uses a light job; the moment of the kill is random.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { messageOf } from '../../../src/core/index.ts';
import { findPython } from '../../../src/train/index.ts';
import type { TrainJob, TrainProgress } from '../../../src/train/index.ts';
import { startTrainer } from '../../../src/train/trainer-process.ts';
import type { TrainerOptions, TrainerProcess } from '../../../src/train/trainer-process.ts';
import { endlessJob, startTrainBridge } from '../../support/train/train-bridge.ts';
import type { TrainBridge } from '../../support/train/train-bridge.ts';
import { createPrintedRandom } from '../../support/random.ts';
import { isRunning } from '../../support/is-running.ts';

const random = createPrintedRandom('moments of kill -9');

let bridge: TrainBridge;
let python: string;

beforeAll(async () => {
  bridge = await startTrainBridge(200);
  python = await findPython();
});
afterAll(() => bridge[Symbol.asyncDispose]());

const light: TrainJob = {
  name: 'm',
  estimator: 'sklearn.tree.DecisionTreeClassifier',
  parameters: { max_depth: 3 },
};
/** Fits for hours without returning to Python, so that no signal handler runs. */
const deaf: TrainJob = {
  name: 'm',
  estimator: 'sklearn.LogisticRegression',
  parameters: { solver: 'saga', max_iter: 1_000_000_000, tol: 1e-300 },
};

const start = (options: Partial<TrainerOptions> = {}): TrainerProcess =>
  startTrainer({ python, bridgeFile: bridge.bridgeFile, ...options });

/** Resolves when the trainer reaches the stage. */
function reach(stage: TrainProgress['stage']): {
  reached: Promise<void>;
  onProgress: (progress: TrainProgress) => void;
} {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  return { reached, onProgress: (progress) => progress.stage === stage && resolve() };
}

/** Also a process that only its new parent has not reaped yet, which is not ours to do. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.startsWith('Z');
  } catch {
    return true;
  }
}

it('run() gives a typed error and registers nothing by halves when the trainer is killed with -9 at random moments', async () => {
  const trials = 6;
  const batch = 3;
  const outcomes: string[] = [];
  for (let done = 0; done < trials; done += batch) {
    await Promise.all(
      Array.from({ length: batch }, async (_, i) => {
        const trainer = start();
        const running = trainer.run(light, {});
        // From before Python's first line to after the deployment: the later, the rarer.
        const timer = setTimeout(
          () => process.kill(trainer.pid!, 'SIGKILL'),
          killDelayMs((done + i) / trials),
        );
        const outcome = await running.then(
          () => 'deployed',
          (error: unknown) => `${(error as { code?: string }).code}: ${messageOf(error)}`,
        );
        clearTimeout(timer);
        await trainer.exited;
        expect(isRunning(trainer.pid!)).toBe(false);
        outcomes.push(outcome);
      }),
    );
  }
  for (const outcome of outcomes)
    expect(outcome).toMatch(/^deployed$|^ERR_TRAINER_FAILED: .*killed by SIGKILL/);
  expect(outcomes.some((outcome) => outcome.startsWith('ERR_TRAINER_FAILED'))).toBe(true);
  await expectWholeRegistry();
}, 120_000);

/** Most of a trainer's life is imports: half of the trials die there, half in the job itself. */
function killDelayMs(position: number): number {
  return 20 + position ** 2 * 5000 * (0.8 + 0.4 * random());
}

async function expectWholeRegistry(): Promise<void> {
  for (const { name, versions, damaged, aliases } of await bridge.registry.list()) {
    expect(damaged).toEqual([]);
    expect(aliases).not.toBeNull();
    for (const version of versions) await bridge.registry.show(`${name}@${version}`);
  }
}

it('run() gives a typed error and registers nothing by halves when the trainer is killed in any stage of its job', async () => {
  const stages = ['stream', 'fit', 'export', 'deploy'] as const;
  await Promise.all(
    stages.map(async (stage) => {
      const trainer = start();
      const { reached, onProgress } = reach(stage);
      const running = trainer.run(light, { onProgress });
      void reached.then(() => process.kill(trainer.pid!, 'SIGKILL'));
      const error: unknown = await running.then(
        () => null,
        (e: unknown) => e,
      );
      await trainer.exited;
      expect(isRunning(trainer.pid!)).toBe(false);
      // The kill may come after the model was deployed: then the result is already here.
      if (error === null) return;
      expect(error).toMatchObject({ code: 'ERR_TRAINER_FAILED', details: { exitSignal: 'SIGKILL' } });
    }),
  );
  await expectWholeRegistry();
});

it('run() rejects with ERR_TRAIN_CANCELLED when its signal aborts in the middle of a fit', async () => {
  const trainer = start();
  const abort = new AbortController();
  const { reached, onProgress } = reach('fit');
  const running = trainer.run(endlessJob, { signal: abort.signal, onProgress });
  running.catch(() => {});
  await reached;
  abort.abort(new Error('the user changed their mind'));
  await expect(running).rejects.toMatchObject({
    code: 'ERR_TRAIN_CANCELLED',
    cause: { message: 'the user changed their mind' },
    details: { exitSignal: null },
  });
  expect(isRunning(trainer.pid!)).toBe(false);
});

it('run() rejects at once when its signal has aborted before', async () => {
  const trainer = start();
  const running = trainer.run(light, { signal: AbortSignal.abort() });
  await expect(running).rejects.toMatchObject({ code: 'ERR_TRAIN_CANCELLED' });
  expect(isRunning(trainer.pid!)).toBe(false);
});

it('run() gives up a trainer from which nothing is heard for a lease', async () => {
  const trainer = start({ leaseMs: 3000 });
  const { reached, onProgress } = reach('fit');
  const running = trainer.run(endlessJob, { onProgress });
  running.catch(() => {});
  await Promise.race([reached, trainer.exited]);
  if (isRunning(trainer.pid!)) process.kill(trainer.pid!, 'SIGSTOP');
  await expect(running).rejects.toMatchObject({ code: 'ERR_TRAIN_STALLED' });
  expect(isRunning(trainer.pid!)).toBe(false);
});

it('run() keeps the lease of a long fit by its heartbeat alone', async () => {
  const leaseMs = 4000;
  const trainer = start({ leaseMs, killGraceMs: 200 });
  const { reached, onProgress } = reach('fit');
  const abort = new AbortController();
  // Also a fit that holds the main thread for good: the heartbeat has a thread of its own.
  const running = trainer.run(deaf, { onProgress, signal: abort.signal });
  running.catch(() => {});
  await reached;
  await sleep(1.25 * leaseMs);
  expect(isRunning(trainer.pid!)).toBe(true);
  abort.abort();
  await expect(running).rejects.toMatchObject({
    code: 'ERR_TRAIN_CANCELLED',
    details: { exitSignal: 'SIGKILL' },
  });
  expect(isRunning(trainer.pid!)).toBe(false);
});

it('run() leaves no trainer when the process that started it is killed', async () => {
  const script = join(import.meta.dirname, '../../support/train/trainer-parent.ts');
  const parent = spawn(process.execPath, [script, python, bridge.bridgeFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = Number(line);
  expect(isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  for (let i = 0; i < 100 && !hasEnded(pid); i++) await sleep(50);
  expect(hasEnded(pid)).toBe(true);
});

it('run() fails and does not hang when the daemon of the trainer vanishes', async () => {
  const lost = await startTrainBridge(200);
  const trainer = start({ bridgeFile: lost.bridgeFile });
  const { reached, onProgress } = reach('fit');
  const slow: TrainJob = {
    ...light,
    estimator: 'sklearn.RandomForestClassifier',
    parameters: { n_estimators: 800 },
  };
  const running = trainer.run(slow, { onProgress });
  running.catch(() => {});
  await reached;
  await lost[Symbol.asyncDispose]();
  await expect(running).rejects.toMatchObject({ code: 'ERR_TRAINER_FAILED' });
  expect(isRunning(trainer.pid!)).toBe(false);
});
