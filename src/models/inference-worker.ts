// Worker thread entry: holds sessions, answers the ring in order, loads and releases on request. It blocks in
// Atomics.wait between requests, so messages are fetched with receiveMessageOnPort, not by an event.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { createBriefLook } from './brief-look.ts';
import { toErrorMessage } from './errors.ts';
import { loadModel } from './load-model.ts';
import { createRequestAnswerer } from './request-answerer.ts';
import { readSignal, viewRing, waitForWork } from './request-ring.ts';
import type { RawAnswer, RequestRing } from './request-ring.ts';
import type { ModelSession } from './session.ts';
import type { ControlMessage, WorkerMessage } from './worker-messages.ts';

const port = parentPort as MessagePort;
const ring = viewRing(workerData as RequestRing);
const sessions = new Map<number, ModelSession>();
const look = createBriefLook();
const answerAll = createRequestAnswerer({ ring, run: runRow, post });
let isOpen = true;

function post(message: WorkerMessage): void {
  port.postMessage(message);
}

function runRow(sessionId: number, features: Float32Array): RawAnswer {
  const session = sessions.get(sessionId);
  if (!session) throw new Error('the session was released');
  const { labels, values } = session.run(features.subarray(0, session.featureCount), 1);
  return { label: labels[0]!, values };
}

async function handleControl(): Promise<boolean> {
  const received = receiveMessageOnPort(port);
  if (!received) return false;
  const { message } = received;
  if (message.kind === 'load') await load(message);
  else if (message.kind === 'release') release(message.sessionId);
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

function release(sessionId: number): void {
  sessions.get(sessionId)?.release();
  sessions.delete(sessionId);
}

while (isOpen) {
  const seen = readSignal(ring);
  const hasAnswered = answerAll();
  const hasControlled = await handleControl();
  if (hasAnswered || hasControlled) continue;
  if (!look.isDue() || !look.until(() => readSignal(ring) !== seen)) waitForWork(ring, seen);
}
for (const id of sessions.keys()) release(id);
port.close();
