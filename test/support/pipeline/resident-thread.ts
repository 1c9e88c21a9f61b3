// A thread whose memory is resident for as long as it lives.
import { parentPort, workerData } from 'node:worker_threads';

const held = new Uint8Array(workerData as number).fill(1);
parentPort!.on('message', () => parentPort!.postMessage(held.length));
parentPort!.postMessage('resident');
