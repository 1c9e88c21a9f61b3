// `%time` and `%timeit`: wall time of TypeScript, once or as mean ± standard deviation of seven runs.
import { Math, performance, process } from '../primordials.ts';

type Evaluate = (code: string) => Promise<{ readonly value: unknown; readonly hasResult: boolean }>;

const RUNS = 7;
/** A run takes at least this long, so that the clock does not count. */
const RUN_MS = 100;
const SLOT = "globalThis[Symbol.for('ruvector.kernel.timed')]";

/** Runs code once; resolves to its value and the text to show. */
export async function timeOnce<T>(run: () => Promise<T>): Promise<{ result: T; text: string }> {
  const [startMs, start] = [performance.now(), process.cpuUsage()];
  const result = await run();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(start);
  const text = `CPU time: user ${formatMs(user / 1000)}, system ${formatMs(system / 1000)}; wall time: ${formatMs(ms)}\n`;
  return { result, text };
}

/** Runs code many times; resolves to the text to show. Its declarations stay inside of it. */
export async function timeMany(code: string, evaluate: Evaluate): Promise<string> {
  const async = /\bawait\b/.test(code) ? 'async ' : '';
  // The loop is compiled once and called from the cell, where an interrupt reaches it.
  await evaluate(
    `${SLOT} = ${async}function ($loops) { const $start = performance.now(); for (let $i = 0; $i < $loops; $i++) { ${code}\n} return performance.now() - $start; }; undefined`,
  );
  const run = async (loops: number): Promise<number> =>
    (await evaluate(`await ${SLOT}(${loops})`)).value as number;
  let [loops, ms] = [1, await run(1)];
  while (ms < RUN_MS && loops < 1e9) {
    loops = Math.min(loops * 10, Math.max(loops * 2, roundUp((loops * RUN_MS) / Math.max(ms, 1e-3))));
    ms = await run(loops);
  }
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push((await run(loops)) / loops);
  const mean = times.reduce((sum, one) => sum + one, 0) / RUNS;
  const deviation = Math.sqrt(times.reduce((sum, one) => sum + (one - mean) ** 2, 0) / RUNS);
  return `${formatMs(mean)} ± ${formatMs(deviation)} per loop (mean ± std. dev. of ${RUNS} runs, ${loops} loops each)\n`;
}

/** The next 1, 2 or 5 times a power of ten. */
export function roundUp(count: number): number {
  const power = 10 ** Math.floor(Math.log10(count));
  return (([1, 2, 5] as const).find((step) => step * power >= count) ?? 10) * power;
}

export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  if (ms >= 1) return `${ms.toPrecision(3)} ms`;
  return ms >= 1e-3 ? `${(ms * 1e3).toPrecision(3)} µs` : `${(ms * 1e6).toPrecision(3)} ns`;
}
