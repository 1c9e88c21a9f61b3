// The judge of `freed`: one controlled action on a process whose resident set is known, and what of it
// was really gone at the end of the window, as a program of its own counts it (mincore and pagemap, net
// of zram's growth). Bench `optimize.freed` and test/integration/optimize/optimize-freed.test.ts use it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOptimizer } from '../../../src/index.ts';
import type { Decision, Optimizer } from '../../../src/index.ts';
import { startJsonChild } from '../json-child.ts';
import type { JsonChild } from '../json-child.ts';
import { python } from '../python.ts';
import { alwaysWhether, readSnapshot } from './optimize-host.ts';
import { startResidencyReader } from './residency.ts';
import type { ResidencyReader } from './residency.ts';
import { createRandom } from '../random.ts';

const MIB = 2 ** 20;
const PAGE_KIB = 4;
const WINDOW_MS = 600;
/** Memory must have been quiet before it is given away; what is refused for longer is refused. */
const PATIENCE_MS = 6000;
const TICK_MS = 500;
/** Sampled pages lie in 1 MiB regions: below this an error is no error. */
const FLOOR_KIB = 1024;

/** What the child does once the action is done. */
const TOUCHES = ['none', 'file-random', 'file-ahead', 'file-read'] as const;

/** One controlled action. */
export interface FreedTrial {
  readonly fileMib: number;
  /** Of the file's pages, dirty at the action: they leave RSS and free nothing. */
  readonly dirtyShare: number;
  readonly anonMib: number;
  /** Of a page, what does not compress. */
  readonly randomShare: number;
  readonly budgetShare: number;
  readonly touch: (typeof TOUCHES)[number] | 'anon';
  readonly touchShare: number;
}

/** What the product said beside what was. Sizes in KiB. */
export interface FreedResult {
  readonly trial: FreedTrial;
  /** Why it did not act; null when it did. */
  readonly refused: string | null;
  readonly advisedKib: number;
  /** Null is `unknown`. */
  readonly freedKib: number | null;
  readonly truthKib: number;
}

/** The n-th of a fixed series of trials; anonymous memory only where it can be swapped to zram. */
export function buildTrial(n: number, withZram: boolean): FreedTrial {
  const pick = createRandom(Math.imul(n + 1, 0x9e37_79b9));
  const isAnonymous = withZram && n % 2 === 1;
  const sizeMib = 8 + Math.floor(pick() * 56);
  return {
    fileMib: isAnonymous ? 0 : sizeMib,
    dirtyShare: !isAnonymous && n % 5 === 4 ? 0.1 + 0.3 * pick() : 0,
    anonMib: isAnonymous ? sizeMib : 0,
    randomShare: isAnonymous ? [0.1, 0.42, 0.9][n % 3]! : 0,
    budgetShare: 0.3 + 0.7 * pick(),
    touch: isAnonymous ? 'anon' : TOUCHES[Math.floor(pick() * TOUCHES.length)]!,
    touchShare: [0, 0.1, 0.25, 0.5, 1][Math.floor(pick() * 5)]!,
  };
}

/** True when the figure holds: unknown, or within 5 % of the truth and never more than was advised. */
export function isFreedRight({ freedKib, truthKib, advisedKib }: FreedResult): boolean {
  if (freedKib === null) return true;
  return (
    Math.abs(freedKib - truthKib) <= Math.max(0.05 * Math.abs(truthKib), FLOOR_KIB) && freedKib <= advisedKib
  );
}

/** The one place to adapt when the options of the optimizer change. */
function createTrialOptimizer(pid: number, budgetBytes: number): Promise<Optimizer> {
  return createOptimizer({
    predictor: null,
    whether: alwaysWhether('Critical'),
    howMuch: { budgetBytes: () => budgetBytes },
    targets: { pids: [pid] },
    // Nobody is short here, and half a second of quiet is enough to be counted right.
    goal: 'save',
    minQuietMs: 500,
    windowMs: WINDOW_MS,
    act: true,
  });
}

/**
 * Runs one action from a fresh child to the end of its window.
 * @param folder on a disk, where mapped pages are page cache; the trial's file in it is removed
 */
export async function runFreedTrial(trial: FreedTrial, folder: string): Promise<FreedResult> {
  const file = join(folder, `known-memory-${randomUUID()}.data`);
  try {
    const { fileMib, dirtyShare, anonMib, randomShare } = trial;
    const sizes = [fileMib, dirtyShare, anonMib, randomShare].map(String);
    const script = join(import.meta.dirname, 'known-memory.py');
    await using child = startJsonChild(python, [script, file, ...sizes]);
    await child.read();
    await using residency = startResidencyReader();
    const readHeldKib = (): Promise<number> => readHeld(residency, child.pid, fileMib > 0 ? file : null);
    const budgetBytes = (fileMib + anonMib) * MIB * trial.budgetShare;
    await using optimizer = await createTrialOptimizer(child.pid, budgetBytes);
    return await judge(trial, optimizer, child, readHeldKib);
  } finally {
    await rm(file, { force: true });
  }
}

async function judge(
  trial: FreedTrial,
  optimizer: Optimizer,
  child: JsonChild,
  readHeldKib: () => Promise<number>,
): Promise<FreedResult> {
  const { decision, heldKib } = await tickUntilActed(optimizer, readHeldKib);
  if (decision.action === null || decision.outcome === null) {
    const refused = decision.refusals.map(({ rule, reason }) => `${rule}: ${reason}`).join('; ');
    return { trial, refused, advisedKib: 0, freedKib: null, truthKib: 0 };
  }
  if (trial.touch !== 'none') await child.ask(`${trial.touch} ${trial.touchShare}`);
  const { freedKib } = await decision.outcome;
  return {
    trial,
    refused: null,
    advisedKib: decision.action.advisedBytes / 1024,
    freedKib,
    truthKib: heldKib - (await readHeldKib()),
  };
}

async function tickUntilActed(
  optimizer: Optimizer,
  readHeldKib: () => Promise<number>,
): Promise<{ decision: Decision; heldKib: number }> {
  const endsMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const heldKib = await readHeldKib();
    const input = { snapshot: await readSnapshot(), features: new Float32Array(0), featureNames: [] };
    const decision = await optimizer.tick(input);
    if (decision.mode === 'act' || performance.now() > endsMs) return { decision, heldKib };
    await sleep(TICK_MS);
  }
}

/** Memory that the child holds, in whatever form: its file's page cache, its anonymous pages, zram. */
async function readHeld(residency: ResidencyReader, pid: number, file: string | null): Promise<number> {
  const { present } = await residency.readAnonymous(pid);
  const cached = file === null ? 0 : (await residency.readFile(file)).resident;
  return (present + cached) * PAGE_KIB + readZramKib();
}

function readZramKib(): number {
  try {
    return Number(readFileSync('/sys/block/zram0/mm_stat', 'utf8').trim().split(/\s+/)[2]) / 1024;
  } catch {
    return 0; // no zram on this kernel
  }
}
