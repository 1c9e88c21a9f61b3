// `npm run soak -- wire`: 10^6 batches through shared memory with 50 kills of either side, and a reader that is stopped for
// a minute. Nothing may be lost, repeated or out of order, the
// daemon's memory stays bounded and its event loop free. Takes as long as it takes: --minutes is not looked at.
import { setTimeout as sleep } from 'node:timers/promises';
import { NumberedPair, readThroughKills } from '../support/bridge/kill-rounds.ts';
import type { ServerLook } from '../support/bridge/kill-rounds.ts';
import { createRandom } from '../support/random.ts';

const BATCHES = 1_000_000;
const KILLS = 50;
const MAX_PAUSE_MS = 2000;
const STOP_MS = 60_000;
const MAX_GROWTH_MIB = 64;
/** Of the event loop, where samples are taken: one interval at the fastest rate. */
const MAX_DELAY_MS = 1000;

const say = (holds: boolean, text: string): boolean => {
  process.stdout.write(`${holds ? 'ok  ' : 'MISS'} ${text}\n`);
  return holds;
};

/** Resolves with whether everything held. */
export async function runWire({ seed }: { minutes: number; seed: number }): Promise<boolean> {
  process.stdout.write(`${BATCHES} batches, ${KILLS} kills, seed ${seed}\n`);
  const random = createRandom(seed);
  const startedMs = performance.now();
  const result = await readThroughKills({ batches: BATCHES, kills: KILLS, maxPauseMs: MAX_PAUSE_MS, random });
  const { kills, left, outOfStep, batches } = result;
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const isWhole = say(
    batches === BATCHES && outOfStep === null && left.length === 0,
    `${batches} batches in order and whole in ${seconds} s, ${kills.reader} readers and ${kills.daemon} daemons ` +
      `killed, out of step: ${outOfStep ?? 'none'}, files left: ${left.length}`,
  );
  return [isWhole, await stopReader()].every((holds) => holds);
}

/** SIGSTOP is what a debugger, a frozen cgroup or a laptop's lid does to a reader. */
async function stopReader(): Promise<boolean> {
  await using pair = await NumberedPair.start(BATCHES);
  while ((await pair.progress()) < 1000) await sleep(20);
  const before = await pair.look();
  pair.reader.process.kill('SIGSTOP');
  const looks: ServerLook[] = [];
  for (let waitedMs = 0; waitedMs < STOP_MS; waitedMs += 1000) {
    await sleep(1000);
    looks.push(await pair.look());
  }
  pair.reader.process.kill('SIGCONT');
  const stoppedAt = await pair.progress();
  const mostMib = Math.max(...looks.map(({ rssMib }) => rssMib));
  const longestMs = Math.max(...looks.map((look) => look.longestMs));
  const givenUpS = looks.findIndex(({ openStreams }) => openStreams === 0) + 1;
  while ((await pair.progress()) < stoppedAt + 1000) {
    if (pair.reader.process.exitCode !== null) return say(false, 'a stopped reader did not go on');
    await sleep(20);
  }
  return [
    say(
      mostMib <= before.rssMib + MAX_GROWTH_MIB,
      `reader stopped for ${STOP_MS / 1000} s: daemon at most ${mostMib} MiB, ${before.rssMib} before`,
    ),
    say(
      longestMs <= MAX_DELAY_MS,
      `its event loop was held up for ${Math.round(longestMs)} ms at most; lease and memory taken back after ${givenUpS} s; the reader went on with the next batch`,
    ),
  ].every((holds) => holds);
}
