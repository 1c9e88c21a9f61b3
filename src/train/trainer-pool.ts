// Trainings one after another, each in a process of its own, with one process started ahead of time
// on request. It keeps no process warm by itself: an idle trainer holds about 200 MB.
import { poolClosedError } from './errors.ts';
import { findPython } from './find-python.ts';
import type { TrainJob, TrainResult } from './train-job.ts';
import { startTrainer } from './trainer-process.ts';
import type { TrainRunOptions, TrainerOptions, TrainerProcess } from './trainer-process.ts';

/** Runs trainings; close it, or use `await using`. */
export interface TrainerPool extends AsyncDisposable {
  /** Starts a process that waits for the next job; does nothing when one waits already. */
  prewarm(): void;
  /** Takes the waiting process, or starts one. @throws as `runTrainer` */
  run(job: TrainJob, options?: TrainRunOptions): Promise<TrainResult>;
  /** Ends all processes; running jobs reject. */
  close(): Promise<void>;
}

/** Creates a pool; nothing is started. `python` is searched with `findPython` when not given. */
export function createTrainerPool(options: Partial<TrainerOptions> = {}): TrainerPool {
  const living = new Set<TrainerProcess>();
  const closing = new AbortController();
  let spare: Promise<TrainerProcess> | null = null;

  async function start(): Promise<TrainerProcess> {
    const python = options.python ?? (await findPython({ signal: closing.signal }));
    closing.signal.throwIfAborted();
    const trainer = startTrainer({ ...options, python });
    living.add(trainer);
    void trainer.exited.then(() => living.delete(trainer));
    return trainer;
  }

  /** The waiting process, unless it died while it waited. */
  async function take(): Promise<TrainerProcess> {
    const waiting = spare;
    spare = null;
    const trainer = await waiting?.catch(() => null);
    return trainer?.isUsable ? trainer : start();
  }

  async function close(): Promise<void> {
    closing.abort(poolClosedError());
    await spare?.catch(() => null);
    await Promise.all([...living].map((trainer) => trainer.close()));
  }

  return {
    prewarm: () => {
      if (closing.signal.aborted || spare) return;
      spare = start();
      // A Python that cannot be found is told to whoever runs a job.
      spare.catch(() => null);
    },
    run: async (job, { signal, onProgress } = {}) => {
      closing.signal.throwIfAborted();
      signal?.throwIfAborted();
      const trainer = await take();
      const both = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      return trainer.run(job, { signal: both, onProgress });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
