// The thread of a SonaWorker: gets a task, gives its result. A task that fails ends the thread, and its owner hears of it.
import { parentPort } from 'node:worker_threads';
import { learn } from '../learn.ts';
import type { LearningTask } from '../learn.ts';

parentPort?.on('message', (task: LearningTask) => parentPort?.postMessage(learn(task), []));
