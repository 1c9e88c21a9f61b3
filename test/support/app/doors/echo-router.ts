// An echoing RouterSocket as a process of its own, for a test that takes its descriptors away. Prints its
// endpoint; "report" prints its failures and its CPU share since the last line, "echo" asks itself.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { DealerSocket, RouterSocket } from '../../../../src/sockets/zmq-socket.ts';

const shared = { plane: 'data', leaseMs: 10_000, maxMessageBytes: 65_536 } as const;
const router = await RouterSocket.open({ ...shared, endpoint: 'tcp://127.0.0.1:*' });

async function serve(): Promise<void> {
  for await (const [peer, ...frames] of router.messages) await router.send(peer!, frames);
}

/** Until it listens again. The test ends this process. */
async function echo(): Promise<string> {
  for (;;) {
    await using dealer = new DealerSocket({ ...shared, endpoint: router.endpoint });
    const lost = new Promise<null>((resolve) => dealer.connect(() => resolve(null)));
    const reading = dealer.messages[Symbol.asyncIterator]();
    // What is sent while nothing listens there is not even queued, or never answered.
    const ask = async (): Promise<unknown> => {
      await dealer.send([Buffer.from('echo')]);
      return reading.next();
    };
    const answer = await Promise.race([ask().catch(() => null), lost, sleep(500, null)]);
    if (answer !== null) return 'echoed';
    await sleep(50);
  }
}

void serve();
let usage = process.cpuUsage();
let sinceMs = performance.now();
process.stdout.write(`${router.endpoint}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'echo') process.stdout.write(`${await echo()}\n`);
  else {
    const { user, system } = process.cpuUsage(usage);
    const busyShare = (user + system) / 1000 / (performance.now() - sinceMs);
    process.stdout.write(`${JSON.stringify({ failures: router.failures, busyShare })}\n`);
    usage = process.cpuUsage();
    sinceMs = performance.now();
  }
}
