// An hour of a bad day in the life of `serve`, scripted from a seed: wrong clocks, a full disk, values of /proc that
// cannot be, resets on every endpoint, greedy subscribers, a training every minute, and kill -9 at the end of each
// life, every five minutes. What must hold is in verdict.ts.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveHome } from '../../src/core/index.ts';
import type { Home } from '../../src/core/index.ts';
import { createRandom } from '../support/random.ts';
import { findDoors, fuzzDoors } from '../support/app/doors/fuzz-doors.ts';
import { createWrongClock } from '../support/app/wrong-clock.ts';
import type { WrongClock } from '../support/app/wrong-clock.ts';
import { createBadProc } from './bad-proc.ts';
import type { BadProc } from './bad-proc.ts';
import { runGreedySubscribers } from './greedy-subscribers.ts';
import { startLife } from './life.ts';
import type { Life } from './life.ts';
import { mountSmallDisk } from './small-disk.ts';
import type { SmallDisk } from './small-disk.ts';
import { judge } from './verdict.ts';

const LIFE_MINUTES = 5;
const MIN_LIVES = 3;
/** Troubles come twice in a life, so that what they leave behind shows. */
const ROUNDS = 2;
const DISK_MIB = 256;
const DAMAGE_CHANCE = 0.02;
const REFRESH_MS = 250;

const S = 1000;
const DAY = 86_400 * S;
/** How far the wall clock is off, each for a part of a life. */
const clockSteps = [-2 * 3600 * S, 40 * DAY, -300 * S, 3650 * DAY, -0.5 * S, -20_000 * DAY, 3600 * S];

interface Day {
  readonly home: Home;
  readonly random: () => number;
  readonly clock: WrongClock;
  readonly disk: SmallDisk;
  readonly proc: BadProc;
  readonly lifeMs: number;
  readonly endpoints: { websocket: string; zeromq: string; observer: string };
}

/** Runs it. Resolves with whether everything held. */
export async function runBadDay({ minutes, seed }: { minutes: number; seed: number }): Promise<boolean> {
  process.stdout.write(`a bad day of ${minutes} minutes, seed ${seed}\n`);
  const directory = mkdtempSync(join(tmpdir(), 'rvm-soak-'));
  const stop = new AbortController();
  const clock = await createWrongClock();
  const disk = mountSmallDisk(join(directory, 'disk'), DISK_MIB);
  const cleanUp = (): void => {
    disk.unmount();
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', cleanUp);
  try {
    const random = createRandom(seed);
    const count = Math.max(MIN_LIVES, Math.round(minutes / LIFE_MINUTES));
    const home = resolveHome(join(disk.path, 'home'));
    const day: Day = {
      home,
      random,
      clock,
      disk,
      proc: createBadProc(join(directory, 'proc'), random),
      lifeMs: (minutes * 60_000) / count,
      endpoints: {
        websocket: `ws://127.0.0.1:${await findFreePort()}`,
        zeromq: `tcp://127.0.0.1:${await findFreePort()}`,
        observer: `ipc://${directory}/observer.sock`,
      },
    };
    const greedy = runGreedySubscribers(day.endpoints, stop.signal);
    const lives: Life[] = [];
    for (let i = 0; i < count; i++) {
      lives.push(await live(day, i, i === count - 1 ? 'SIGTERM' : 'SIGKILL'));
      process.stdout.write(`life ${i + 1} of ${count}: ${describe(lives.at(-1)!)}\n`);
    }
    stop.abort();
    await greedy;
    return await judge(lives, home, { damaged: day.proc.damaged });
  } finally {
    stop.abort();
    await clock[Symbol.asyncDispose]();
    process.off('exit', cleanUp);
    cleanUp();
  }
}

/** The same port in every life, so that greedy subscribers find their way back. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One life: each trouble has its part of it, values of /proc are bad all the time. */
async function live(day: Day, index: number, end: 'SIGKILL' | 'SIGTERM'): Promise<Life> {
  const { websocket, zeromq, observer } = day.endpoints;
  day.clock.set(index % 3 === 2 ? 40 * DAY : 0);
  const args = ['--procfs', day.proc.path, '--horizon', '5', '--retrain', '1'];
  const streams = [websocket, zeromq, observer].flatMap((endpoint) => ['--stream', endpoint]);
  const life = await startLife({
    home: day.home,
    args: [...args, ...streams],
    env: day.clock.env,
    stream: observer,
  });
  const refreshing = setInterval(() => day.proc.refresh(DAMAGE_CHANCE), REFRESH_MS);
  try {
    for (let round = 0; round < ROUNDS; round++)
      await sufferOnce(day, (trouble) => life.note(trouble, round));
    return await life.end(end);
  } finally {
    clearInterval(refreshing);
    day.disk.empty();
    if (life.child.exitCode === null) life.child.kill('SIGKILL');
  }
}

type Note = (trouble: string) => void;

/** One round of troubles, with rests between them. */
async function sufferOnce(day: Day, note: Note): Promise<void> {
  note('none');
  await rest(day, 0.2);
  note('clock');
  await stepClock(day, 0.25);
  note('full disk');
  await fillDisk(day, 0.15);
  note('none');
  await rest(day, 0.1);
  note('resets');
  await resetEndpoints(day, 0.15);
  note('after');
  await rest(day, 0.15);
}

/** A share of a round. */
const rest = (day: Day, share: number): Promise<void> => sleep((day.lifeMs * share) / ROUNDS);

async function stepClock(day: Day, share: number): Promise<void> {
  const steps = [0, 1, 2].map(() => clockSteps[Math.floor(day.random() * clockSteps.length)]!);
  for (const step of steps) {
    // No whole seconds, so that rows of different days never share a timestamp by chance.
    day.clock.set(step + Math.round(day.random() * 997));
    await rest(day, share / (steps.length + 1));
  }
  day.clock.set(0);
  await rest(day, share / (steps.length + 1));
}

async function fillDisk(day: Day, share: number): Promise<void> {
  day.disk.fill();
  await rest(day, share);
  day.disk.empty();
}

async function resetEndpoints(day: Day, share: number): Promise<void> {
  await fuzzDoors({
    doors: await findDoors(day.home.root),
    seed: Math.floor(day.random() * 1e9),
    durationMs: (day.lifeMs * share) / ROUNDS,
    lanes: 4,
    pauseMs: 250,
  });
}

function describe({ looks, seen, status }: Life): string {
  const last = looks.at(-1)!;
  return `${status.samples} samples, ${seen.length} seen, ${status.missed} missed, ${status.skipped.count} skipped, ${Math.round(last.rssKib / 1024)} MiB, CPU ${((100 * last.cpuS) / last.atS).toFixed(1)} %`;
}
