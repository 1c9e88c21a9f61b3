// How much memory an observation takes, printed in bytes. A process of its own with a young generation so large that
// nothing is collected meanwhile: `node --expose-gc --min-semi-space-size=256 --max-semi-space-size=256 FILE`.
import { HealingOrchestrator } from '../../src/dag/healing/index.ts';

const count = 200_000;
const orchestrator = new HealingOrchestrator();
orchestrator.addDetector('query_latency', { zThreshold: 3, windowSize: 100, minSamples: 10 });
// Latencies as objects, which is what numbers of other code are: those of the caller are not measured.
const latencies: readonly unknown[] = Array.from({ length: 1000 }, (_, at) => 10 + Math.sin(at * at) + 0.1);

function observeAll(): void {
  for (let at = 0; at < count; at++) orchestrator.observe('query_latency', latencies[at % 1000] as number);
}

/** Bytes an observation took. */
function measureRound(): number {
  const before = process.memoryUsage().heapUsed;
  observeAll();
  return (process.memoryUsage().heapUsed - before) / count;
}

// The smallest of some rounds: while code is still being compiled, the compiler's objects are measured too.
globalThis.gc!();
process.stdout.write(String(Math.min(...Array.from({ length: 20 }, measureRound))));
