// Worker thread entry: holds sessions, answers the ring in order, loads and releases on request. It blocks in
// Atomics.wait between requests, so messages are fetched with receiveMessageOnPort, not by an event.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { toErrorMessage } from './errors.ts';
import { loadModel } from './load-model.ts';
import {
  copyFeatures,
  readHead,
  readSignal,
  sessionIdAt,
  viewRing,
  waitForWork,
  writeAnswer,
  writeFailure,
} from './request-ring.ts';
import type { RequestRing } from './request-ring.ts';
import type { ModelSession } from './session.ts';
import type { ControlMessage, WorkerMessage } from './worker-messages.ts';

const port = parentPort as MessagePort;
const ring = viewRing(workerData as RequestRing);
const sessions = new Map<number, ModelSession>();
const row = new Float32Array(ring.featureCount);
let tail = 0;
let isOpen = true;

function post(message: WorkerMessage): void {
  port.postMessage(message);
}

async function answerAll(): Promise<boolean> {
  const head = readHead(ring);
  if (head === tail) return false;
  const failures: [number, ReturnType<typeof toErrorMessage>][] = [];
  while (tail !== head) {
    const error = await answer(tail);
    if (error !== undefined) failures.push([tail, toErrorMessage(error, 'ERR_MODEL_RUN')]);
    tail = (tail + 1) | 0;
  }
  post(failures.length === 0 ? tail : { kind: 'answers', tail, failures });
  return true;
}

async function answer(position: number): Promise<unknown> {
  try {
    const session = sessions.get(sessionIdAt(ring, position));
    if (!session) throw new Error('the session was released');
    copyFeatures(ring, position, row);
    const { labels, probabilities } = await session.run(row, 1);
    writeAnswer(ring, position, { label: labels[0]!, probabilities });
    return undefined;
  } catch (error) {
    writeFailure(ring, position);
    return error;
  }
}

async function handleControl(): Promise<boolean> {
  const received = receiveMessageOnPort(port);
  if (!received) return false;
  const { message } = received;
  if (message.kind === 'load') await load(message);
  else if (message.kind === 'release') await release(message.sessionId);
  else isOpen = false;
  return true;
}

async function load(message: ControlMessage & { kind: 'load' }): Promise<void> {
  const { sessionId } = message;
  try {
    const { session, report } = await loadModel(message.request);
    sessions.set(sessionId, session);
    post({ kind: 'loaded', sessionId, report, heapUsedBytes: process.memoryUsage().heapUsed });
  } catch (error) {
    post({ kind: 'refused', sessionId, error: toErrorMessage(error, 'ERR_MODEL_LOAD') });
  }
}

async function release(sessionId: number): Promise<void> {
  const session = sessions.get(sessionId);
  sessions.delete(sessionId);
  await session?.release();
}

while (isOpen) {
  const seen = readSignal(ring);
  const hasAnswered = await answerAll();
  const hasControlled = await handleControl();
  if (!hasAnswered && !hasControlled) waitForWork(ring, seen);
}
for (const id of sessions.keys()) await release(id);
port.close();
