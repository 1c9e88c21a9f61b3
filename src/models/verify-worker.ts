// The thread of verify-package.ts: checks one staged package, answers once and ends.
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { toErrorMessage } from './errors.ts';
import { verifyStaged } from './verify-package.ts';
import type { StagedPackage, VerifyReply } from './verify-package.ts';

const reply: VerifyReply = await verifyStaged(workerData as StagedPackage).then(
  () => ({ error: null }),
  (error: unknown) => ({ error: toErrorMessage(error, 'ERR_MODEL_STORE') }),
);
const port = parentPort as MessagePort;
port.postMessage(reply);
