// Builds the training set of a history in a process of its own and says what that took: `train-prepare.ts HISTORY`.
import { readFileSync } from 'node:fs';
import { buildFeatureSpec, buildHistoryTrainingSet } from '../../../src/prepare/index.ts';
import { openHistory } from '../../../src/store/index.ts';

/** The most this process ever held, from the kernel's own count. */
function readPeakMib(): number {
  const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib) / 1024;
}

await using history = await openHistory(process.argv[2]!, { readOnly: true });
const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
const set = await buildHistoryTrainingSet(history, { spec: buildFeatureSpec() });
const seconds = (performance.now() - startMs) / 1000;
const { user, system } = process.cpuUsage(startCpu);
process.stdout.write(
  JSON.stringify({
    rows: set.rowCount,
    classCounts: Object.values(set.classCounts),
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMib: readPeakMib(),
  }),
);
