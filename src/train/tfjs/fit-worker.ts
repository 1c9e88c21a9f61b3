// The thread that trains one network and ends. It is stopped by terminating it: nothing outside of it is touched.
import { parentPort, workerData } from 'node:worker_threads';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import type { FitMessage, FitRequest } from './fit-messages.ts';
import { trainNetwork } from './train-network.ts';

const say = (message: FitMessage): void => parentPort!.postMessage(message);

try {
  const outcome = await trainNetwork(workerData as FitRequest, {
    onStep: (step) => say({ type: 'step', step }),
    onExport: () => say({ type: 'exporting' }),
  });
  say({ type: 'outcome', outcome });
} catch (error) {
  const [code, details] = isRuvectorError(error) ? [error.code, error.details] : [null, {}];
  say({ type: 'error', code, message: messageOf(error), details });
}
