// An echoing RouterSocket as a process of its own, for tests that take its descriptors away, flood it or may end it.
// Prints its endpoint; "report" prints its failures, its memory, and its CPU share since the last line, "echo" asks
// itself, "stall" reads nothing for a second.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { DealerSocket, RouterSocket } from '../../../src/sockets/index.ts';

const [endpoint = 'tcp://127.0.0.1:*', leaseMs = '10000'] = process.argv.slice(2);
const shared = { plane: 'data', leaseMs: Number(leaseMs), maxMessageBytes: 65_536 } as const;
const router = await RouterSocket.open({ ...shared, endpoint });

async function serve(): Promise<void> {
  for await (const [peer, ...frames] of router.messages) {
    // Whoever does not read, or is gone, is not told.
    await router.send(peer!, frames).catch(() => {});
  }
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
  else if (line === 'stall') {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    process.stdout.write('stalled\n');
  } else {
    const { user, system } = process.cpuUsage(usage);
    const busyShare = (user + system) / 1000 / (performance.now() - sinceMs);
    const mib = process.memoryUsage.rss() / 2 ** 20;
    process.stdout.write(`${JSON.stringify({ failures: router.failures, busyShare, mib })}\n`);
    usage = process.cpuUsage();
    sinceMs = performance.now();
  }
}
