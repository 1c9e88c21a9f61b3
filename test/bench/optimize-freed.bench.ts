// `optimize.freed`: what the product says an action freed, against the truth, in 200 controlled actions
// on known resident sets; every second one on anonymous memory where zram0 can be had as swap.
// RUVECTOR_FREED_ACTIONS (200) changes the count.
import { setTimeout as sleep } from 'node:timers/promises';
import { buildTrial, isFreedRight, runFreedTrial } from '../support/optimize/freed-trial.ts';
import type { FreedResult } from '../support/optimize/freed-trial.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { note, readSetting } from './optimize/note.ts';
import { openDiskFolder } from './optimize/programs.ts';
import { openZramSwap, whyNoZram } from './optimize/zram.ts';

const ZRAM_BYTES = 2 ** 30;

const freed: BenchTopic = {
  name: 'optimize.freed',
  async *cases() {
    const why = whyNoZram();
    if (why !== null) note(`optimize.freed has no anonymous memory: ${why}`);
    using folder = openDiskFolder();
    using _swap = why === null ? openZramSwap(ZRAM_BYTES) : null;
    const count = readSetting('RUVECTOR_FREED_ACTIONS', 200);
    const results: FreedResult[] = [];
    for (let n = 0; n < count; n++) {
      const result = await runFreedTrial(buildTrial(n, why === null), folder.path);
      results.push(result);
      if (!isFreedRight(result) || result.refused !== null) note(JSON.stringify(result));
      await sleep(50);
    }
    yield* buildCases(results);
  },
};

function* buildCases(results: readonly FreedResult[]): Iterable<BenchCase> {
  const acted = results.filter(({ refused }) => refused === null);
  const known = acted.filter(({ freedKib }) => freedKib !== null);
  const share = (part: number, of: number): number => (of === 0 ? 0 : (part / of) * 100);
  const of = `${acted.length} actions of ${results.length} tries`;
  yield figure(
    `right or unknown, ${of}`,
    '%',
    'higher',
    share(acted.filter(isFreedRight).length, acted.length),
    'the truth by mincore, pagemap and zram; goal 100 %',
    (ours) => ours === 100,
  );
  yield figure(
    'known',
    '%',
    'higher',
    share(known.length, acted.length),
    'none: goal ≥ 50 %, because unknown alone is no answer',
    (ours) => ours >= 50,
  );
  yield figure(
    'more than advised',
    'actions',
    'lower',
    known.filter(({ freedKib, advisedKib }) => freedKib! > advisedKib).length,
    'none: goal 0',
    (ours) => ours === 0,
  );
  const errors = known.map(({ freedKib, truthKib }) => Math.abs(freedKib! - truthKib));
  const total = (read: (result: FreedResult) => number): number =>
    known.reduce((sum, one) => sum + read(one), 0);
  note(
    `${known.length} known: ${mib(total(({ freedKib }) => freedKib!))} MiB said, ${mib(total(({ truthKib }) => truthKib))} true, ${mib(total(({ advisedKib }) => advisedKib))} advised; largest error ${mib(Math.max(0, ...errors))} MiB`,
  );
}

const mib = (kib: number): string => (kib / 1024).toFixed(1);

function figure(
  name: string,
  unit: string,
  better: BenchCase['better'],
  value: number,
  anchorName: string,
  goal: (ours: number) => boolean,
): BenchCase {
  return {
    bench: 'optimize.freed',
    case: name,
    unit,
    better,
    anchorName,
    anchor: null,
    runs: 1,
    warmup: false,
    ours: () => Promise.resolve(value),
    goal,
  };
}

export const topics: readonly BenchTopic[] = [freed];
