// `uninstall`: what lies where, and its removal.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { findDaemon } from '../../bridge/index.ts';
import type { Home } from '../../core/index.ts';
import { removalNotConfirmedError, stillRunningError } from '../setup/errors.ts';
import { listLeftBehind, removeLeftBehind } from '../setup/left-behind.ts';
import type { LeftBehind } from '../setup/left-behind.ts';
import { formatBytes, print, printJson } from '../terminal.ts';
import { homeOf } from './options.ts';

interface UninstallOptions {
  readonly remove?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Adds the command. */
export function addUninstall(program: Command): void {
  program
    .command('uninstall')
    .description('say what lies where on this machine, and remove it with --remove')
    .option('--remove', 'remove what is ours, after a question')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt uninstall')
    .action(async (options: UninstallOptions, self: Command) => {
      const home = homeOf(self);
      const found = await listLeftBehind(home);
      if (!options.remove) {
        if (options.json) printJson(found);
        else print(render(found));
        return;
      }
      await refuseWhileRunning(home);
      await confirm(found, options.yes === true);
      const removed = await removeLeftBehind(home, found);
      const left = found.filter((one) => !removed.includes(one));
      if (options.json) printJson({ removed, left });
      else print(`Removed ${removed.length} of these.\n${left.length === 0 ? '' : render(left)}`.trimEnd());
    });
}

async function refuseWhileRunning(home: Home): Promise<void> {
  await using client = await findDaemon(home.bridgeFile);
  if (!client) return;
  const { result } = await client.request('status');
  throw stillRunningError(home.root, (result as { pid: number }).pid);
}

function render(found: readonly LeftBehind[]): string {
  const rows = found.map(({ what, path, sizeBytes, byHand }) => {
    const how = byHand === null ? '' : `\n${' '.repeat(10)}to remove it: ${byHand}`;
    return `${(sizeBytes === null ? '–' : formatBytes(sizeBytes)).padStart(8)}  ${path}\n${' '.repeat(10)}${what}${how}`;
  });
  const isOurs = found.some(({ byHand }) => byHand === null);
  const next = isOurs ? ['`ruvector-memopt uninstall --remove` removes what has no other line.'] : [];
  return [...rows, ...next].join('\n');
}

async function confirm(found: readonly LeftBehind[], isAgreed: boolean): Promise<void> {
  const ours = found.filter(({ byHand }) => byHand === null);
  if (isAgreed || ours.length === 0) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw removalNotConfirmedError();
  process.stderr.write(`${ours.map(({ what, path }) => `  ${path}  (${what})`).join('\n')}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Remove these for good? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw removalNotConfirmedError();
  } finally {
    terminal.close();
  }
}
