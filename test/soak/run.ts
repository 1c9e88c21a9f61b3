// `npm run soak -- daemon|kills|events|wire|cells|tarball|engines|fleet [--minutes 60] [--seed N]`: long runs that `npm test`
// has no time for. Each says what it saw and ends with 1 when something that must hold did not.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { runBadDay } from './bad-day.ts';
import { runCells } from './cells.ts';
import { runEngines } from './engines.ts';
import { runFleet } from './fleet.ts';
import { runKills } from './kills.ts';
import { runLargeEvents } from './large-events.ts';
import { runMutatedEvents } from './mutated-events.ts';
import { runTarball } from './tarball.ts';
import { runWire } from './wire.ts';

const soaks: Readonly<Record<string, (options: { minutes: number; seed: number }) => Promise<boolean>>> = {
  daemon: runBadDay,
  kills: runKills,
  wire: runWire,
  cells: runCells,
  tarball: runTarball,
  engines: runEngines,
  fleet: runFleet,
  // Half of the time each.
  events: async ({ minutes, seed }) => {
    const half = { minutes: minutes / 2, seed };
    return [await runMutatedEvents(half), await runLargeEvents(half)].every((holds) => holds);
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const run = soaks[positionals[0] ?? ''];
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 1e9);
if (!run || !(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write(`Usage: npm run soak -- ${Object.keys(soaks).join('|')} [--minutes N] [--seed N]\n`);
  process.exit(2);
}

// Mounts of a soak stand in a namespace of its own, so that they are gone with it, however it ends.
const PRIVATE = 'RUVECTOR_SOAK_PRIVATE';
if (process.env[PRIVATE] === undefined) {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const { status, signal } = spawnSync(
    'unshare',
    ['--mount', ...asRoot, process.execPath, ...process.argv.slice(1), '--seed', String(seed)],
    { stdio: 'inherit', env: { ...process.env, [PRIVATE]: '1' } },
  );
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
// What it started and made ends with it: those who did set handlers of 'exit'.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
process.exitCode = (await run({ minutes, seed })) ? 0 : 1;
