// A sender as a process of its own, for tests that kill it or let it go. `node test/support/pipeline/zeromq-sender.ts
// <endpoint> <large> <small> [close]` binds a PUSH with a heartbeat every 2 ms and sends so many batches of 100,000 numbers
// and then of one, counted from 0, without an end. Prints "sent" when ZeroMQ has them all, and closes where told.
import { setTimeout as sleep } from 'node:timers/promises';
import * as arrow from 'apache-arrow';
import * as zmq from 'zeromq';

const [endpoint, large, small, close] = process.argv.slice(2);
const socket = new zmq.Push({ heartbeatInterval: 2, heartbeatTimeout: 60_000, sendHighWaterMark: 0 });
await socket.bind(endpoint!);
let next = 0;

async function send(rows: number): Promise<void> {
  const numbers = Int32Array.from({ length: rows }, () => next++);
  const table = new arrow.Table({ i: arrow.makeVector(numbers) });
  await socket.send(['', arrow.tableToIPC(table, 'stream')]);
}

for (let i = 0; i < Number(large); i++) await send(100_000);
for (let i = 0; i < Number(small); i++) {
  await send(1);
  // So that heartbeats come between them.
  if (i % 8 === 0) await sleep(2);
}
process.stdout.write(`${next}\n`);
if (close === 'close') socket.close();
