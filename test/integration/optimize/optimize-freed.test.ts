// What an action freed, against the truth: known resident sets, partly touched again, judged by another
// program. The whole series of 200 is the bench `optimize.freed`. RUVECTOR_FREED_ACTIONS sets the count.
import { afterAll, expect, it } from 'vitest';
import { rm } from 'node:fs/promises';
import { createHostReaders, createMadviseActuator } from '../../../src/optimize/index.ts';
import { buildTrial, isFreedRight, runFreedTrial } from '../../support/optimize/freed-trial.ts';
import type { FreedResult, FreedTrial } from '../../support/optimize/freed-trial.ts';
import { makeDiskFolder, startMemoryChild } from '../../support/optimize/memory-child.ts';

const actions = Number(process.env['RUVECTOR_FREED_ACTIONS'] ?? 20);
const readers = createHostReaders();
const diskFolder = await makeDiskFolder();
afterAll(async () => {
  if (diskFolder !== null) await rm(diskFolder, { recursive: true });
});

/** True when this host lets this test page out its own children. */
const isPermitted = await (async (): Promise<boolean> => {
  await using child = await startMemoryChild({});
  const { startTimeTicks } = (await readers.readStat(child.pid))!;
  const target = { kind: 'process', pid: child.pid, startTimeTicks, name: 'child', uid: -1 } as const;
  return (await createMadviseActuator({ readers }).canAct(target)) === null;
})();

/** Trials mostly wait, and each has a process and a file of its own. */
const LANES = 4;

async function runInLanes(trials: readonly FreedTrial[]): Promise<FreedResult[]> {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const results: FreedResult[] = [];
    for (let n = lane; n < trials.length; n += LANES) {
      results.push(await runFreedTrial(trials[n]!, diskFolder!));
    }
    return results;
  });
  return (await Promise.all(lanes)).flat();
}

/** A file that is partly dirty may be left alone altogether. */
const isLeftForGoodReason = ({ trial, refused }: FreedResult): boolean =>
  refused !== null && trial.dirtyShare > 0;

it.runIf(diskFolder !== null && isPermitted)(
  `createOptimizer().tick() says what ${actions} actions freed within 5 % of what is gone, or unknown`,
  { timeout: 600_000 },
  async () => {
    const results = await runInLanes(Array.from({ length: actions }, (_, n) => buildTrial(n, false)));
    const acted = results.filter(({ refused }) => refused === null);
    expect(results.filter((one) => one.refused !== null && !isLeftForGoodReason(one))).toEqual([]);
    // The judge itself: no more can be gone than was advised.
    expect(acted.filter(({ truthKib, advisedKib }) => truthKib > advisedKib + 1024)).toEqual([]);
    expect(acted.filter((one) => !isFreedRight(one))).toEqual([]);
    // Saying "unknown" always would be right and of no use.
    const known = acted.filter(({ freedKib }) => freedKib !== null);
    expect(known.length).toBeGreaterThanOrEqual(acted.length / 2);
    expect(acted.length).toBeGreaterThanOrEqual(actions / 2);
  },
);
