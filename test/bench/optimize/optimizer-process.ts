// The product as its users run it: `serve --act` on some processes, judged from outside. Options that
// this build does not have are left out, so that older builds can be measured beside newer ones.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTestHome, startDaemon } from '../../support/daemon.ts';
import { note } from './note.ts';
import { listTree, sumUsage } from './process-usage.ts';
import type { Usage } from './process-usage.ts';
import { killSync, undoAtExit } from './undo.ts';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');

/** How to start it. */
export interface OptimizerSettings {
  readonly targets: readonly number[];
  readonly goal: 'relieve' | 'save';
  /** `rule` decides without a model. */
  readonly decider: 'rule' | 'model';
  /** @default the product's own */
  readonly stallBudget?: number;
}

/** What it says of its actions; null where a build does not say. */
export interface ActionSums {
  readonly actions: number;
  readonly advisedKib: number | null;
  readonly freedKib: number | null;
  readonly unknown: number | null;
}

/** A running optimizer. */
export interface OptimizerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Of the process and all it started, a launcher included. */
  usage(): Usage;
  readActions(): Promise<ActionSums>;
}

/** Starts it in a home of its own and waits until it answers. */
export async function startOptimizer(settings: OptimizerSettings): Promise<OptimizerProcess> {
  const { targets, goal, decider, stallBudget } = settings;
  const args = ['--hz', '1', '--act', ...targets.flatMap((pid) => ['--pid', String(pid)])];
  if (hasOption('--goal')) args.push('--goal', goal);
  if (stallBudget !== undefined && hasOption('--stall-budget'))
    args.push('--stall-budget', String(stallBudget));
  if (decider === 'rule') args.push('--no-baseline');
  const home = await createTestHome();
  const removeHome = undoAtExit(() => rmSync(home.root, { recursive: true, force: true }));
  try {
    const daemon = await startDaemon(home, args);
    const { pid } = daemon.child;
    const forget = undoAtExit(() => listTree(pid!).forEach((one) => killSync(one)));
    return {
      pid: pid!,
      usage: () => sumUsage(listTree(pid!)),
      readActions: async () => readSums((await daemon.client.request('status')).result),
      async [Symbol.asyncDispose]() {
        await daemon.stop();
        forget();
        removeHome();
      },
    };
  } catch (error) {
    removeHome();
    throw error;
  }
}

/** The part of `status` that is read here; `outcomes` came later than `actions`. */
interface StatusPart {
  readonly decisions: {
    readonly actions: number;
    readonly outcomes?: { readonly advisedKib: number; readonly freedKib: number; readonly unknown: number };
  };
}

function readSums(status: unknown): ActionSums {
  const { actions, outcomes } = (status as StatusPart).decisions;
  const { advisedKib = null, freedKib = null, unknown = null } = outcomes ?? {};
  return { actions, advisedKib, freedKib, unknown };
}

let help: string | null = null;

function hasOption(name: string): boolean {
  if (help !== null) return help.includes(`${name} `);
  help = execFileSync(process.execPath, [bin, 'serve', '--help'], { encoding: 'utf8' });
  if (!help.includes(`${name} `)) note(`this build's serve has no ${name}: measured without it`);
  return hasOption(name);
}
