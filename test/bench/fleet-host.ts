// A host at 1 Hz in a process of its own, for fleet.publish: a real history with a row of the real capture each second and
// a scan of processes each half minute; with a publisher, or without. Prints the CPU time it took, in µs a second.
// node fleet-host.ts FOLDER SECONDS [SERVERS]
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { publishToFleet } from '../../src/app/fleet/publish-to-fleet.ts';
import { createStreamService } from '../../src/app/streams/stream-service.ts';
import { openHistory } from '../../src/store/index.ts';
import { readCapture } from '../support/collect/capture-fixture.ts';
import { readScan } from '../support/fleet/real-scan.ts';

const [folder = '', seconds = '', servers] = process.argv.slice(2);
await using history = await openHistory(join(folder, 'history'));
await using appended = createStreamService(history, () => undefined);
await using publisher = servers
  ? await publishToFleet({
      access: { servers },
      history,
      appended,
      folder: join(folder, 'outbox'),
      host: 'bench',
      isAnonymized: true,
    })
  : null;
const capture = readCapture();
const scan = await readScan(150);
// What is loaded at first is no cost of a second.
await sleep(3000);
const startMs = performance.now();
const before = process.cpuUsage();
for (let second = 0; second < Number(seconds); second++) {
  const timestamp = Date.now();
  const memory = { ...capture[second % capture.length]!, timestamp };
  history.append('memory', [memory]);
  appended.publish('memory', [memory]);
  if (second % 30 === 0) {
    const processes = scan.map((row) => ({ ...row, timestamp }));
    history.append('process', processes);
    appended.publish('process', processes);
  }
  await sleep(startMs + (second + 1) * 1000 - performance.now());
}
const { user, system } = process.cpuUsage(before);
const cpuUs = user + system;
await publisher?.drain();
process.stdout.write(
  `${JSON.stringify({ microsecondsASecond: cpuUs / Number(seconds), sentRows: publisher?.status.sentRows ?? 0 })}\n`,
);
