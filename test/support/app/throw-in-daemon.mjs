// Loaded before the daemon (node --import): SIGUSR2 makes the error that RVM_TEST_FAULT names come out of a place where
// nobody catches it. Nothing of the product is replaced.
import { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { isMainThread } from 'node:worker_threads';

const faults = {
  timer: () => setTimeout(() => JSON.parse('{'), 1),
  rejection: () => void Promise.reject(new Error('nobody waits for this')),
  'no error': () => void Promise.reject('only a text'),
  // No handler of 'error', as a socket may be left without one.
  socket: () => connect('/no/such/socket'),
  emitter: () => setImmediate(() => new EventEmitter().emit('error', new Error('read ECONNRESET'))),
  memory: () => setTimeout(() => new ArrayBuffer(Number.MAX_SAFE_INTEGER), 1),
};

if (isMainThread && process.argv.includes('serve')) {
  let next = 0;
  const names = (process.env.RVM_TEST_FAULT ?? '').split(',');
  process.on('SIGUSR2', () => faults[names[next++ % names.length]]());
}
