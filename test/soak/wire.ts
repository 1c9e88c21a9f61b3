// `npm run soak -- wire`: 10^6 batches through shared memory with 50 kills of either side; a reader that is stopped for a
// minute; memory that is full, or that the reader cannot see. Nothing may be lost, repeated or out of order, the daemon's
// memory stays bounded and its samples come in time. Ends after about twelve minutes, whatever --minutes says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NumberedPair, readThroughKills, readToEnd } from '../support/bridge/kill-rounds.ts';
import type { ServerLook } from '../support/bridge/kill-rounds.ts';
import { createRandom } from '../support/random.ts';
import { mountSmallDisk } from './small-disk.ts';

const BATCHES = 1_000_000;
const KILLS = 50;
const KILLS_LIMIT_MS = 9.5 * 60_000;
const STOP_MS = 60_000;
const MAX_GROWTH_MIB = 64;
/** Between two samples of the host, which are taken 20 times a second: one interval at the default rate. */
const MAX_DELAY_MS = 1000;
/** For memory that cannot be had. */
const FEW_BATCHES = 20_000;
const FEW_LIMIT_MS = 60_000;

const say = (holds: boolean, text: string): boolean => {
  process.stdout.write(`${holds ? 'ok  ' : 'MISS'} ${text}\n`);
  return holds;
};

const secondsSince = (startedMs: number): string => `${Math.round((performance.now() - startedMs) / 1000)} s`;

/** Resolves with whether everything held. */
export async function runWire({ seed }: { minutes: number; seed: number }): Promise<boolean> {
  process.stdout.write(`${BATCHES} batches, ${KILLS} kills, seed ${seed}\n`);
  const startedMs = performance.now();
  const held = [await killBoth(seed), await stopReader(), await fillMemory(), await hideMemory()];
  process.stdout.write(`all of it in ${secondsSince(startedMs)}\n`);
  return held.every((holds) => holds);
}

async function killBoth(seed: number): Promise<boolean> {
  const startedMs = performance.now();
  const { kills, left, outOfStep, batches } = await readThroughKills({
    batches: BATCHES,
    kills: KILLS,
    limitMs: KILLS_LIMIT_MS,
    random: createRandom(seed),
    onKill: (count, read) => {
      if (count % 10 === 0)
        process.stdout.write(`     ${count} kills, ${read} batches, ${secondsSince(startedMs)}\n`);
    },
  });
  return say(
    batches === BATCHES && outOfStep === null && left.length === 0 && kills.reader + kills.daemon === KILLS,
    `${batches} batches in order and whole in ${secondsSince(startedMs)}, ${kills.reader} readers and ` +
      `${kills.daemon} daemons killed, out of step: ${outOfStep ?? 'none'}, files left: ${left.length}`,
  );
}

/** SIGSTOP is what a debugger, a frozen cgroup or a laptop's lid does to a reader. */
async function stopReader(): Promise<boolean> {
  await using pair = await NumberedPair.start(BATCHES);
  await reach(pair, 1000);
  const before = await pair.look();
  pair.reader.process.kill('SIGSTOP');
  const looks: ServerLook[] = [];
  // This process has nothing to do: what holds it up is the machine.
  let ownMs = 0;
  for (let waitedMs = 0; waitedMs < STOP_MS; waitedMs += 1000) {
    const startedMs = performance.now();
    await sleep(1000);
    ownMs = Math.max(ownMs, Math.round(performance.now() - startedMs - 1000));
    looks.push(await pair.look());
  }
  const stoppedAt = await pair.progress();
  pair.reader.process.kill('SIGCONT');
  const most = (read: (look: ServerLook) => number): number => Math.round(Math.max(...looks.map(read)));
  const mostMib = most(({ rssMib }) => rssMib);
  const longestMs = most(({ samples }) => samples.longestMs);
  const samples = looks.reduce((sum, look) => sum + look.samples.count, 0);
  const givenUpS = looks.findIndex(({ openStreams }) => openStreams === 0) + 1;
  await reach(pair, stoppedAt + 1000);
  return [
    say(
      mostMib <= before.rssMib + MAX_GROWTH_MIB,
      `reader stopped for ${STOP_MS / 1000} s: daemon at most ${mostMib} MiB, ${before.rssMib} before`,
    ),
    say(
      longestMs <= MAX_DELAY_MS,
      `${samples} samples of the host meanwhile, at most ${longestMs} ms between two; event loop held up for at most ` +
        `${most((look) => look.longestMs)} ms, a process beside it that only waits for ${ownMs} ms; lease and memory taken back after ${givenUpS} s; the reader went on with the next batch`,
    ),
  ].every((holds) => holds);
}

/** A disk of memory that fills while it is used: the ring that is there stays, the next one cannot be had. */
async function fillMemory(): Promise<boolean> {
  const disk = mountSmallDisk(mkdtempSync(join(tmpdir(), 'ruvector-full-')), 64);
  try {
    await using pair = await NumberedPair.start(FEW_BATCHES, { folder: disk.path });
    await reach(pair, 1000);
    disk.fill();
    await reach(pair, 4000);
    await pair.reader.kill('SIGKILL');
    pair.startReader();
    return await sayWay(pair, 'memory that is full', /MiB are needed|No space|ENOSPC/);
  } finally {
    disk.unmount();
    rmSync(disk.path, { recursive: true, force: true });
  }
}

async function hideMemory(): Promise<boolean> {
  await using pair = await NumberedPair.start(FEW_BATCHES, { isHidden: true });
  return await sayWay(pair, 'memory that the reader cannot see', /cannot map/);
}

async function sayWay(pair: NumberedPair, what: string, reason: RegExp): Promise<boolean> {
  const end = await readToEnd(pair.reader, performance.now() + FEW_LIMIT_MS);
  const { outOfStep, transport = 'none', reason: why = null } = end;
  const batches = await pair.progress();
  return say(
    batches === FEW_BATCHES && outOfStep === null && transport === 'ipc' && reason.test(why ?? ''),
    `${what}: ${batches} batches in order and whole by "${transport}" (${why}), out of step: ${outOfStep ?? 'none'}`,
  );
}

/** @throws Error when the reader ends before */
async function reach(pair: NumberedPair, batch: number): Promise<void> {
  while ((await pair.progress()) < batch) {
    if (pair.reader.process.exitCode !== null) throw new Error(`the reader ended before batch ${batch}`);
    await sleep(20);
  }
}
