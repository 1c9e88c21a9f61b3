// Thread of batch-model.ts: holds one session and answers one batch after the other.
import { parentPort } from 'node:worker_threads';
import { checkAnswers } from './answers.ts';
import type { BatchModelReply, BatchModelTask } from './batch-model.ts';
import { toErrorMessage } from './errors.ts';
import { loadModel } from './load-model.ts';
import type { ModelSession } from './session.ts';

let session: ModelSession | null = null;

parentPort!.on('message', (task: BatchModelTask) => {
  void answer(task).then(send);
});

/** A thread's port has no origin. */
function send(reply: BatchModelReply): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(reply);
}

async function answer(task: BatchModelTask): Promise<BatchModelReply> {
  try {
    if (task.kind === 'load') {
      session = (await loadModel(task.request)).session;
      return { answers: null };
    }
    const answers = session!.run(task.features, task.rows);
    checkAnswers(answers, session!.shape, (row) => `row ${row} of the batch`);
    return { answers: { labels: Int32Array.from(answers.labels), values: answers.values } };
  } catch (error) {
    return { error: toErrorMessage(error, 'ERR_MODEL_RUN') };
  }
}
