// A thread whose memory is resident for as long as it lives.
import { parentPort as parent, workerData } from 'node:worker_threads';

const port = parent!;

const held = new Uint8Array(workerData as number).fill(1);
port.on('message', () => port.postMessage(held.length));
port.postMessage('resident');
